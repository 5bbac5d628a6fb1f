/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * structures.h - the records of sources and segments, and how they hang
 * together.
 *
 *   sources (registry.c)
 *      |
 *      v
 *   struct source -------next------> struct source ------next-----> ...
 *      |  |  |  account                  |  account
 *      |  |  +-------> struct account <--+  if both are of one kind: the limit,
 *      |  |  ops                            and what counts for it
 *      |  +----------> struct segment_ops: anonymous, file, region or device
 *      |  first
 *      v
 *   struct segment ------next------> struct segment -----next-----> NULL
 *      ^  base, bytes   a run of addresses
 *      |  map           page map: the pages that are in spans
 *      |  committed     granules that have memory           -+
 *      |  dirty         pages that may hold something        |  one mapping:
 *      |  bound         granules that are bound to nodes     |  sets.c
 *      |  marks         a byte a page, for who has the span -+
 *      |
 *   address map (address_map.c): from any address, without a lock
 *
 * A span is found in a page map, then its pages are committed, and only then is
 * it handed out (allocate.c, commit.c); in reverse when it comes back (free.c,
 * decommit.c).
 *
 * The files of this folder, each using only those that stand above it:
 *
 *   page_set        sets of pages
 *   page_map        which pages are in spans, and where there is room
 *   address_map     from an address to its segment
 *   marks           a byte for each page
 *   memory          memory is asked for before it is taken
 *   account         what is committed, and the limit of that
 *   policy          memory policies, and which granules are bound
 *   nodes           whether the nodes of a source are there
 *   populate        pages taken at once, on several threads
 *   sets            the sets of a segment, followed by checks under way
 *   registry        the list of all sources
 *   withhold        what is shared is kept out of children
 *   inherit         what of a source a process may use
 *   anon, file_space, file, region, device      what segments are made of
 *   operations      which of these a spec asks for
 *   segment         segments made, deleted and listed
 *   decommit        granules given back to the system
 *   told            what the program was told of
 *   commit          granules given memory, and some ahead
 *   grow            the segments that a source opens with, and more of them
 *   allocate        spans handed out
 *   free            spans taken back, and when their pages go
 *   possible        specs that can never give a block
 *   explain         why a source could not be opened
 *   open            the life of a source
 *   check, query, room, lookup  whether, how much, what is free, and whose
 *   move            pages that go to other nodes
 *   copy            what a child gets of files
 *   fork            all of it, over fork
 *
 * Lock order, outermost first:
 *   sources_lock    the list of sources, the address map, segments made and
 *                   deleted (registry.c)
 *   source->lock    all else of a source and its segments
 *   the lock of os/records
 *
 * Everything in the records of a source and a segment is guarded by the
 * source's lock, but what is marked atomic, and base and bytes, which do not
 * change while a segment is in the address map.
 *
 * What may fail answers with an error number; handing out a span, with NULL.
 * Giving back cannot fail: where the kernel does not take pages back they stay
 * committed, are counted as such, and serve the next span.
 */
#ifndef SOURCE_STRUCTURES_H
#define SOURCE_STRUCTURES_H

#include <stdatomic.h>

#include "os/lock.h"
#include "os/os.h"
#include "source/page_map.h"
#include "source/source.h"

/*
 * A run of addresses. Its sets, each in pages or in granules of the source:
 *
 *   map        pages that are in spans
 *   committed  granules that have memory, or space in their file. A granule
 *              with a page in a span always is.
 *   dirty      pages that may hold something else than zero. A page that is not
 *              committed is not: when it is, it reads as zero
 *              (ops->reads_zero) or is entered here at that moment.
 *   bound      granules with the policy MPOL_BIND: policy.c
 */
struct segment {
	/* What readers without a lock see: address_map.h. */
	char *base;
	size_t bytes;
	void *owner; /* the source's */
	/* Neighbours in the address map's leaf that holds the first address,
	 * and in the one that holds the last. */
	_Atomic(struct segment *) beside[2];

	/* From here on a record that is used again is cleared. */
	size_t head; /* of the bytes, the handle's page, or 0 */
	struct source *source;
	struct segment *next;      /* of the same source; or free records */
	unsigned order;            /* among the source's segments */
	struct page_map map;       /* which pages are in spans */
	struct page_set committed; /* granules that have pages */
	struct page_set dirty;     /* pages that need not read as zero */
	struct page_set bound; /* policy.c: granules; not where none ever is */
	struct page_set told, first; /* told.c: granules; where runs begin */
	unsigned char *marks; /* one a page, for who has the span: marks.c */
	void *sets;           /* the memory behind these */
	size_t sets_bytes;

	size_t usable; /* anon.c, file_space.c: bytes made readable so far */
	size_t huge;   /* anon.c: from here on huge pages are asked for */
	int fd;        /* file.c: the file, while it is kept, or -1 */
	struct os_file_id id; /* file.c: to know that fd is still ours */
	const struct os_file_system *file_system; /* file.c */
	size_t file_offset;                       /* file.c: of base */
	size_t file_length; /* file.c: of all of the file */
	int process;        /* file.c: that mapped it */
	bool bound_unsure;  /* policy.c: not all in that set need be bound */
	bool unsettled;   /* policy.c: the same, until move.c has been there */
	unsigned moves;   /* policy.c: its policy is as after so many of them */
	bool lacks_nodes; /* policy.c: some were not there when it was set */
	bool private;     /* file.c: mapped copy on write */
	bool rest_unsure; /* file_space.c: how, above what is usable */
	bool in_memory;   /* copy.c: and no file is below it any more */
	bool guarded;     /* region.c: the handle's page is unreadable */
	bool withheld;    /* withhold.c: a child has nothing of it by itself */
	bool left;        /* fork.c: two processes have it: nothing of it is
				 given back to the system */
	bool lost;        /* inherit.c: see segment_is_lost() */
	void *copy;       /* copy.c: the child's pages, during a fork */
	int copy_fd;
	bool copy_in_memory; /* for want of a file */
};

/* What a segment is made of. All but close may fail with an error number. */
struct segment_ops {
	/* Makes addresses of segment->bytes and sets base, where it is not
	 * set, as a region's is. */
	int (*open)(struct source *source, struct segment *segment);
	void (*close)(struct segment *segment);
	/* Commits a run of granules. */
	int (*commit)(struct segment *segment, size_t offset, size_t bytes);
	/* Takes the pages of a run of granules away: 0 when it then reads as
	 * zero, else the granules count as committed still. */
	int (*decommit)(struct segment *segment, size_t offset, size_t bytes);
	/* How many bytes in a row are worth taking away while nobody needs
	 * them; NULL: any. What that costs is for the file system to say. Where
	 * each free gives back at once, 20,000 random operations on some 45 MiB
	 * punched 1,000 to 2,300 holes, each of 0.8 to 1.8 ms on btrfs and 0.1
	 * to 0.2 on ext4: 2.0 s on btrfs, where they took 0.2 without. So there
	 * small pieces wait until they have met others, at most LOOSE_MS: 0.2 s
	 * and 4 holes. To wait everywhere would keep space from others where
	 * giving it back is cheap. A trim, want of room and a limit take
	 * any. */
	size_t (*least)(const struct segment *segment);
	bool ahead;      /* worth committing more than is asked for */
	bool reads_zero; /* a granule committed for the first time is zero */
};

/*
 * What the sources of one kind have together: a kind of several places has a
 * source for each, and one limit. So they point at the account of the first,
 * which is closed last. Each source has a lock of its own, so the account is
 * changed without one, in two steps:
 *
 *   claimed    goes up before pages are asked for, by compare-and-swap and
 *              never past the limit, so that two sources that commit at once
 *              cannot pass it together;
 *   committed  goes up when the pages are there. Statistics and the peak read
 *              this: a claim whose pages could not be had is never seen there.
 *
 * They differ by what is being committed at this moment, and go down together
 * after the pages went (source_uncount()). A limit that is set below what is
 * committed takes nothing away by itself: claims fail, and every span that
 * comes back is decommitted, until it holds.
 */
struct account {
	_Atomic size_t claimed;   /* of the limit, committed or about to be */
	_Atomic size_t committed; /* committed bytes */
	_Atomic size_t peak;
	_Atomic size_t limit;
	_Atomic uint64_t freed;
};

/* A check of a source that is under way, piece by piece (check.c). What lies in
 * front of the page where it stands was added up already, so a change there
 * changes the sums, too. */
struct walk {
	struct walk *next;
	unsigned order; /* of the segment it is in */
	size_t page;
	size_t spans, committed;
};

/*
 * A source. What becomes of the pages of a span that comes back, in the order
 * in which settle_pages() in free.c asks:
 *
 *   the source is held      they stay, until the next span comes back, or
 *                           source_decay() after that
 *   it is refused           they stay: this process has nothing there
 *   over the limit          they go, and all that stayed committed before
 *   idle_most is not 0      they stay so long; when the oldest of them has, all
 *                           of them go, at the next free or source_decay()
 *   keeps_part              the same, for PART_MS; when more has come together
 *                           than may stay, those at the highest addresses go,
 *                           or all
 *   else                    they go, but for pieces below ops->least, which
 *                           stay until they have met others, for LOOSE_MS at
 *                           most
 *
 * There is one time for all pages that stay (idle_since): to know each page's
 * own would take a record for each, and pages that go early cost no more than a
 * system call.
 */
struct source {
	struct lock lock;
	const struct segment_ops *ops;
	struct spec *spec; /* a copy of our own, spec_bytes() long */
	void *owner;
	struct source *next, **link; /* all sources, under the list's lock */

	struct segment *first;
	struct walk *walks;
	size_t granule;       /* bytes committed and given back at once */
	size_t size;          /* addresses in all segments */
	size_t committed;     /* committed bytes of this source */
	_Atomic size_t spans; /* bytes in spans */
	struct account own, *account;
	_Atomic unsigned held;       /* source_hold() */
	_Atomic uint32_t tells;      /* told.c: the stamp of the process that it
				 * tells of what it has, or 0 */
	_Atomic size_t untold;       /* of the committed bytes, then */
	struct source_run withdrawn; /* told.c: the one that is, at a fork */
	unsigned not_ahead; /* so many times more nothing is taken ahead */
	uint64_t idle_most; /* ms that pages in no span stay committed */
	uint64_t idle_since;
	bool keeps_part; /* source_keep_part() */
	bool idle;       /* pages stayed committed meanwhile */
	bool dear;       /* some, for they are dear to give back */
	size_t loose;    /* bytes of these since what had met was looked for */
	_Atomic bool refused;
	/* inherit.c: a child that no handler knew of may not touch it; all of
	 * it is the parent's. */
	_Atomic bool exposed, inherited;
	int copy_error; /* fork.c: during a fork */
	/* inherit.c: what of a region's mappings is known. */
	enum { MAPPING_UNKNOWN, MAPPING_PRIVATE, MAPPING_SHARED } mapping;

	/* move.c: the nodes that pages are put on since it was moved, while
	 * is_moved, and how often that changed. Written under the list's lock
	 * and the source's, so either is enough to read them. */
	uint64_t *moved_to;
	bool is_moved;
	unsigned moves;

	/* policy.c: what the nodes had free when it was last read, less what
	 * was handed out since. */
	uint64_t room, room_read;
	unsigned forks;    /* policy.c: how many found it open, if it binds */
	_Atomic bool lost; /* nodes.c */

	/* file.c: the segment in whose file the next one goes on, under the
	 * lock of the list. */
	struct segment *newest;
	/* file_space.c: how many bytes could not be had, when that was tried,
	 * and what the file system said that it had; 0 when some were given
	 * back: decommit.c. */
	size_t short_of;
	uint64_t short_since, short_room;
};

static inline bool
source_is_region(const struct source *source)
{
	return source->spec->source == SPEC_REGION;
}

/* Where system pages may have 64 KiB, huge ones of as much are the granule of
 * ordinary sources. */
static inline bool
source_has_huge_pages(const struct source *source)
{
	const struct segment *first = source->first;

	return source->granule != PAGE_BYTES ||
	    source->spec->page == SPEC_PAGE_HUGE ||
	    (first != NULL && first->file_system != NULL &&
		first->file_system->huge_pages);
}

#endif /* SOURCE_STRUCTURES_H */
