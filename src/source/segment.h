/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * segment.h - what the files of source/ share: the source's and the segment's
 * records, and the table of operations behind which a segment is made of
 * anonymous memory, a file or the caller's region.
 *
 * Everything in both records is guarded by the source's lock, but what is
 * marked atomic, and base and bytes, which do not change while a segment is in
 * the address map.
 */
#ifndef SOURCE_SEGMENT_H
#define SOURCE_SEGMENT_H

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
	unsigned char *marks;  /* one a page, for who has the span: marks.c */
	void *sets;            /* the memory behind these four */
	size_t sets_bytes;

	size_t usable; /* anon.c, file_space.c: bytes made readable so far */
	int fd;        /* file.c: the file, while it is kept, or -1 */
	struct os_file_id id; /* file.c: to know that fd is still ours */
	const struct os_file_system *file_system; /* file.c */
	size_t file_offset;                       /* file.c: of base */
	size_t file_length; /* file.c: of all of the file */
	int process;        /* file.c: that mapped it */
	bool private;       /* file.c: mapped copy on write */
	bool in_memory;     /* fork.c: and no file is below it any more */
	bool guarded;       /* region.c: the handle's page is unreadable */
	bool withheld;      /* fork.c: a child has nothing of it by itself */
	bool left;          /* fork.c: two processes have it: nothing of it is
				 given back to the system */
	bool lost;          /* fork.c: see segment_is_lost() */
	void *copy;         /* fork.c: the child's pages, during a fork */
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

extern const struct segment_ops anon_ops, bound_ops, file_ops, region_ops,
    device_ops;

/* What region.c and device.c have in common: pages that are simply there. */
int memory_is_there(struct segment *segment, size_t offset, size_t bytes);

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
 * in which settle_pages() in source.c asks:
 *
 *   the source is held      they stay, until the next span comes back
 *   it is refused           they stay: this process has nothing there
 *   over the limit          they go, and all that stayed committed before
 *   idle_most is not 0      they stay so long; when the oldest of them has, all
 *                           of them go, at the next free or source_tend()
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
	_Atomic unsigned held; /* source_hold() */
	unsigned not_ahead;    /* so many times more nothing is taken ahead */
	uint64_t idle_most;    /* ms that pages in no span stay committed */
	uint64_t idle_since;
	bool idle;    /* pages stayed committed meanwhile */
	bool dear;    /* some, for they are dear to give back */
	size_t loose; /* bytes of these since what had met was looked for */
	_Atomic bool refused;
	/* fork.c: a child that no handler knew of may not touch it; all of it
	 * is the parent's. */
	_Atomic bool exposed, inherited;
	int copy_error; /* fork.c: during a fork */
	/* A region: what of its mappings is known. */
	enum { MAPPING_UNKNOWN, MAPPING_PRIVATE, MAPPING_SHARED } mapping;

	/* anon.c: what the nodes had free when it was last read, less what was
	 * handed out since. */
	uint64_t room, room_read;

	/* file.c: the segment in whose file the next one goes on, under the
	 * lock of the list. file_space.c: how many bytes could not be had, when,
	 * and what the file system said that it had; 0 when some were given
	 * back. */
	struct segment *newest;
	size_t short_of;
	uint64_t short_since, short_room;
};

/* Of the first PAGE pages of a segment, how many the walk has passed. */
static inline size_t
walk_passed(const struct walk *walk, const struct segment *segment, size_t page)
{
	if (segment->order != walk->order)
		return segment->order < walk->order ? page : 0;
	return min_size(page, walk->page);
}

/* source.c: counts BYTES as committed no longer. */
void source_uncount(struct source *source, size_t bytes);

/* All sources and the lock of that list, which comes before every source's. */
extern struct lock sources_lock;
extern struct source *sources;

/* open.c. The first is under the lock of the list: a segment of WANT bytes, or
 * of fewer, down to LEAST, where so many addresses cannot be had. */
#define SEGMENT_MIN (2 * MIB)
int segment_new_within(
    struct source *source, size_t want, size_t least, struct segment **segment);
void segment_append(struct source *source, struct segment *segment);

/* possible.c: 0, or the error number of a spec that can never give a block,
 * with the sentence. */
int check_possible(const struct spec *spec, size_t granule);

/* policy.c. Whether the source has small pages that are bound to nodes. */
bool spec_binds(const struct spec *spec);

/* Sets the policy of a segment that was just mapped, or whose OFFSET was mapped
 * anew: there nothing is bound then. 0 or an error number. */
int policy_open(struct segment *segment);
int policy_open_anew(struct segment *segment, size_t offset, size_t bytes);
void policy_close(struct segment *segment);

/* In a source that binds to nodes: give a range MPOL_BIND, and say whether that
 * could be done; or "preferred", with which it gets pages elsewhere when the
 * nodes are full, and return 0 or the error number. */
bool policy_bind(struct segment *segment, size_t offset, size_t bytes);
int policy_prefer(struct segment *segment, size_t offset, size_t bytes);

/* Before a fork, after which pages are copied when they are written to. */
void policy_prefork(struct source *source);

/* marks.c: so many bytes for the marks of a segment of so many pages. */
size_t marks_bytes(size_t pages);

/* source.c: commits granules FROM to END - 1, none of which is. */
int segment_commit(struct segment *segment, size_t from, size_t end);

/* open.c: all segments of a source of fixed size, as when it is opened; under
 * the lock of the list and the source's own. Returns 0 or an error number. */
int source_open_late(struct source *source);

/* fork.c. Keeps the segment, a shared mapping, out of children, into which the
 * handlers here let it. Returns 0 or an error number. Under the lock of the
 * list. */
int segment_withhold(struct segment *segment);

/* fork.c: sets up what tells a child from its parent, if the kernel can. */
void forks_watch(void);

/* fork.c: whether this process is a child that no handler made ready. */
bool fork_went_unseen(void);

/* fork.c: takes note of that, so that from here on this is a process like any
 * other. Under the lock of the list. */
void forks_settle_unseen(void);

/* fork.c: whether what is at the segment's addresses, if anything, is not its
 * own, since it did not come into this process. */
bool segment_is_lost(const struct segment *segment);

#endif /* SOURCE_SEGMENT_H */
