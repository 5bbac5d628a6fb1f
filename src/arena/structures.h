/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * structures.h - the records of heaps, caches and threads, and how they hang
 * together.
 *
 *   thread_self (initial-exec TLS)
 *        |
 *        v                  by heap id, or by alias
 *   struct thread ---- cache[id] ------------+
 *     | recent: a cache for the next frees   |
 *     | lookup[]: jemalloc's, of the tree    v
 *     +-- caches --> struct cache --thread_next--> struct cache --> ...
 *                      |  bin[62]: stacks of free blocks
 *                      |  page_bins: page bin index of one segment
 *                      |  ^ heap_next, from heap->caches
 *                      v  |
 *   kind/ ---------> struct heap --next--> struct heap --> ...  (all heaps)
 *                      |   | slot[]
 *                      |   +------> struct arena_slot ---> jemalloc's arena_t
 *                      | source        |  ^                   |
 *                      v               |  | arena_slots[index]| has
 *   source/          struct source <---+  |                   v
 *                      |       hooked     +--- index in --- extents, found by
 *                      v                                    address in
 *                    segments of pages                      jemalloc's radix
 *                      each with a page bin index           tree (lookup.c)
 *
 * A block goes out of a heap's arena into a bin (bin.c, cache.c), from there to
 * the program and back (cache.h), from a full bin to the heap's depot (depot.c)
 * and into another bin, or after a while back to its arena. Blocks above
 * CACHE_LARGE_MAX go to and from the arena directly (allocate.c, free.c).
 *
 * The files of this folder, each using only those that stand above it:
 *
 *   sizeclass       bins and their sizes
 *   system, tsd     what jemalloc calls instead of libc, its thread's record
 *   hooks, purge    jemalloc's extents on a source; free ones given back
 *   stats           what arenas count
 *   start           jemalloc's options, and jemalloc made ready
 *   slot            jemalloc's arenas: who has which, keeping threads out
 *   page_bin_index  from a page to the bin of its blocks
 *   background      the thread of kinds with background=yes: its life and sleep
 *   arenas          the arenas of a heap, blocks in bulk
 *   quota           how much of a heap may be free in caches and the depot
 *   depot           free blocks on their way from one cache to another
 *   bin             the stacks of a cache, and their quota
 *   revocation      how a thread empties the cache of another
 *   thread          the life of threads and of their caches
 *   lookup          from an address to its block
 *   home            from an address to the heap that it is likely to be of
 *   sample          which blocks a listener outside is told of
 *   cache           filling, flushing, draining; cache.h has the fast path
 *   count           the bytes that a facade counts
 *   heaps           the list of heaps, ids and aliases
 *   decay           what was free for long enough goes back
 *   inherit         the heap of what the parent of a fork had handed out
 *   heap            opening, closing, limits, statistics
 *   print           statistics as text
 *   allocate, resize, free      blocks, one at a time
 *   fork            all of it, over fork
 *
 * Lock order, outermost first:
 *   (kind/)          the machine's topology; the list of all kinds
 *   started          whether jemalloc is ready (start.c)
 *   registry_lock    which threads, caches and heaps exist; heap ids (thread.c)
 *   heap->lock       the caches of a heap, while one thread empties them all
 *   (a cache)        its owner is inside, or it was revoked: revocation.h
 *   stop_lock        while all threads are kept out of the arenas (slot.c)
 *   slots_lock       which arenas are in use (slot.c)
 *   jemalloc's locks
 *   sources_lock, a source's lock, the lock of os/records
 *
 * Allocation fails with NULL alone, no errno; opening with an error number.
 */
#ifndef ARENA_STRUCTURES_H
#define ARENA_STRUCTURES_H

#include <stdatomic.h>

#include "arena/tsd.h"
#include "base/base.h"
#include "os/lock.h"
#include "source/source.h"

#define HEAPS_MAX 4032     /* of jemalloc's 4094 arenas, one for each */
#define HEAP_ARENAS_MAX 64 /* of one heap */
/* Ids are from 1 to HEAPS_MAX, and have so many bits: what is looked up by an
 * id that a program gave has a place for each that there can be. */
#define HEAP_ID_BITS 12
#define HEAP_IDS (1 << HEAP_ID_BITS)

/* An id under which no thread finds a cache. */
#define NO_HEAP 0

/* The largest size that the fast path takes out of a cache, and the largest
 * that caches have: the slow path begins with those in between. */
#define CACHE_SIZE_MAX (64 * KIB)
#define CACHE_LARGE_MAX (1 * MIB)
/* Bins have the number of jemalloc's size class plus one; up to BIN_SLAB_MAX
 * their blocks share an extent, a slab, and from BIN_LARGE on they are larger
 * than CACHE_SIZE_MAX; with pages of 64 KiB some are both, and each of their
 * blocks begins in a page of its own all the same. Bin 0 is always empty and
 * has no room: it is that of pages without an entry in the page bin index, so
 * what has none is refused without being asked for. */
#define BIN_SLAB_MAX (36 + (PAGE_SHIFT - 12) * 4)
#define BIN_LARGE 46
#define CACHE_BINS 62
#define LARGE_BINS (CACHE_BINS - BIN_LARGE)
/* Behind those, the bin of pages that are watched: see recording.h. */
#define BIN_WATCHED (CACHE_BINS + LARGE_BINS)

struct arena_slot;
struct cache;
struct depot;
struct thread;

/*
 * Where free memory waits for the next request. kind/ chooses these options by
 * the spec (heap_options_of() in kind/open.c), and tells the source how long
 * its free pages stay committed. A facade may have chosen for how long
 * ("decay": spec->decay_ms); no text of a spec does:
 *
 *   kind                     caches, depot     arena's extents   source's pages
 *   -----------------------  ----------------  ----------------  --------------
 *   no size and no limit     64 KiB a bin,     decay, or 10 s;   as much as is
 *                            and 4 MiB of      8 MiB in a row:   used or less,
 *                            large blocks (2)  not at all (1)    1 s (1)
 *   a size or a limit,       a 16th of it      decay, at most    decay, or
 *     up to half full        in all (2)        10 ms             10 s
 *     more than half full    the same          not at all        the same
 *   reserve=yes, a region,   the same          as above          for ever: they
 *     a device                                                   are just there
 *
 *   (1) anonymous memory without a decay: see OVERSIZE in purge.h, and
 *       source_keep_part(). For other memory both as the decay says. In a
 *       bounded kind a GiB in a row does not wait in an arena, but there.
 *   (2) those above CACHE_SIZE_MAX, until none was taken for a second or two:
 *       see caches_age(). In the depot an eighth of what is handed out, at
 *       least 1 MiB, what was missed in it (depot.h), and of a bounded kind at
 *       most half of what caches may have; all of it until nobody took it for
 *       a second or two.
 *
 * Caches serve one thread and one size, the depot one size, an arena's extents
 * all sizes of its threads, the source's pages everybody. So the less room a
 * kind has, the further down its free memory waits: in a bounded kind what
 * several arenas freed must meet in one place to become room for a large block.
 * The few milliseconds in the arena serve programs that free and allocate large
 * blocks in turn: 0.6 to 0.9 us for a pair of 256 KiB or 1 MiB, where the way
 * through the source took 0.9 to 1.7 by one thread, and 3 to 5 by two.
 */
struct heap_options {
	bool fixed;       /* the source does not grow */
	bool bounded;     /* arenas keep nothing when it gets full */
	bool oversize;    /* large free space goes back: purge_oversize() */
	bool rounds;      /* pages that nobody touches cost nothing */
	unsigned arenas;  /* at most */
	size_t cached;    /* the largest size that thread caches keep */
	bool decay_given; /* else as long as jemalloc does */
	int64_t decay_ms; /* how long free extents wait in their arena */
	bool background;  /* a thread looks after it: background.h */
	uint64_t background_ms; /* how long free memory waits in the kind */
};

/* The arenas and thread caches of one kind, or of one locality of a kind. */
struct heap {
	unsigned id;     /* 1 to HEAPS_MAX, recycled; 0: none yet */
	bool id_is_lent; /* heap_release_id() ends it */
	unsigned alias;  /* its own id, or see heaps.h */
	struct source *source;
	/* In the child of a fork: the heap of what the parent had handed out,
	 * from which nothing is allocated; and of what its parent had. */
	struct heap *inherited;
	size_t capacity; /* 0: grows as needed */
	struct heap_options options;

	struct heap *next, **link; /* all heaps, under registry_lock */

	_Atomic bool recorded; /* its blocks are: see recording.h */

	_Atomic bool decay_waits;  /* something free is to go back later */
	_Atomic uint32_t decaying; /* a thread gives it back */
	struct heap *decay_next;   /* of the heaps that this thread works on */
	/* The thread of background.h looks after it; a cache has room for small
	 * blocks, which it then looks at, and when it last did. */
	bool background;
	_Atomic bool keeps_small;
	_Atomic uint64_t small_aged_ms;

	struct lock lock;
	struct cache *caches;
	_Atomic unsigned arena_count; /* how many of slot[] there are */
	struct arena_slot *slot[HEAP_ARENAS_MAX];
	_Atomic unsigned contended;

	_Atomic bool tight;        /* bounded, and more than half full */
	_Atomic size_t quota_max;  /* bytes that all caches may hold: bin.h */
	_Atomic size_t quota_used; /* bytes that they have room for, and
				    * those of the depot */
	_Atomic(struct depot *) depot;
	_Atomic size_t depot_bytes, depot_blocks, depot_shared;
	_Atomic size_t
	    spans_min; /* bytes in spans, since caches were emptied */
	_Atomic bool keeps_large; /* a cache has room for large blocks */
	_Atomic uint64_t aged_ms; /* when caches_age() last looked at them */

	_Atomic uint64_t requests;    /* of caches that are gone */
	_Atomic uint64_t cache_epoch; /* see heap_epoch() */
	_Atomic uint64_t full_epoch;  /* the epoch when the heap was full... */
	_Atomic size_t full_size;     /* ...for this size; SIZE_MAX: none */

	/* Bytes that a facade counts, but for those that caches have gathered
	 * (count.h): here, or at the alias. A line of its own, which policies
	 * read at every allocation. */
	_Atomic int64_t *settled;
	_Alignas(64) _Atomic int64_t settled_here;
};

/*
 * The top of the stack is an address, not a count. A block that is freed and
 * allocated again goes from its address to the page bin index, to the bin, to
 * the top of the stack, and back: some 27 cycles of loads that wait for each
 * other. Where the top is a pointer, as in jemalloc, a processor (an Intel Xeon
 * of 2023) predicts which store a load will meet and need not wait; where it
 * was an index beside a base, it did not. A pair of 64 bytes took 1.25 times
 * jemalloc's, and takes 1.04 times.
 */
struct bin {
	void **head;       /* behind the latest freed */
	void **block;      /* a stack, the first freed at the bottom */
	void **limit;      /* where the head is when the bin is full */
	int32_t countdown; /* blocks until housekeeping: see cache.h */
	uint16_t capacity; /* pointers that there is memory for */
	uint16_t low_bits; /* set in no address of its blocks */
};

/* Free blocks of one heap, ready for one thread. */
struct cache {
	_Atomic uint32_t inside;       /* the owner is in it: revocation.h */
	_Atomic uint32_t revocation;   /* whether it may enter */
	struct source_marks page_bins; /* of one segment of the heap */
	_Atomic int64_t gathered;      /* bytes that are counted: count.h */
	int64_t gathered_max;          /* and settled when there are more */
	_Atomic int64_t *settled;      /* the heap's */
	struct heap *heap;
	struct thread *thread;
	unsigned ordinal;    /* the thread's: which arena serves it */
	bool is_under_alias; /* the thread finds it under heap->alias, too */
	uint8_t idle_next;   /* the bin that close_idle_bin() looks at next */
	size_t quota;        /* its part of heap->quota_used */
	struct cache *heap_next, **heap_link;     /* under heap->lock */
	struct cache *thread_next, **thread_link; /* under registry_lock */
	/* The last are always empty and have no room: see page_bin_index.h. */
	struct bin bin[BIN_WATCHED + 1];
	/* Of the quota, for blocks above CACHE_SIZE_MAX. Behind the bins, whose
	 * address then takes the fast path one instruction less. */
	size_t large;
	/* Blocks handed out of each, with those left of its countdown. */
	uint64_t requests[CACHE_BINS];
	/* Of these, as many as there were when close_idle_bin() last came
	 * by. */
	uint16_t seen[CACHE_BINS];
	/* The block with which the countdown ends is chosen, one in 1 << so
	 * many bytes; 0: it is not. See sample.h. */
	uint8_t chosen[CACHE_BINS];
	/* Of REQUESTS, as many as the recorder knows of: recording.h. */
	uint64_t told[CACHE_BINS];
	/* For who reads it from another process (stats/layout.h): no two caches
	 * have the same number, one that is no more has 0; and odd while more
	 * is changed than the fast path does. */
	_Atomic uint64_t serial, changes;
};

/* Where the thread last found blocks: jemalloc's rtree_ctx_t. */
#define LOOKUPS 24
struct lookup {
	uintptr_t leafkey;
	void *leaf;
};

/* The cache for which a thread is likely to free blocks next, as a look-up
 * found it or cache_expect() said so, and the addresses that its page bin
 * index covers. BYTES is 0 when it is gone. */
struct recent {
	struct cache *cache;
	uintptr_t base;
	_Atomic size_t bytes;
};

/* What the engine knows of a thread, found through one pointer of
 * initial-exec TLS. Made at the thread's first block, gone with it. */
struct thread {
	/* In the first page, which every thread touches: threads that come and
	 * go would pay a page fault each for another one. */
	struct recent recent;
	/* By heap id; pages touched as used. That of NO_HEAP stays NULL. These
	 * pages are wiped in a child: in one that fork(2) did not make nothing
	 * is taken out of a cache without a look at what kind of process it is.
	 * In one that it made the list has the caches still. */
	struct cache *cache[HEAP_IDS];

	/* The same as a list. In a page of its own, as all that follows. */
	struct cache *caches __attribute__((aligned(PAGE_BYTES)));
	struct thread *next, **link; /* all threads, under registry_lock */
	unsigned ordinal;            /* spreads threads over arenas */
	bool has_lookup;             /* it may be written to */
	struct lookup lookup[LOOKUPS];
	/* While somebody listens to blocks: sample.h. */
	enum sample_state {
		SAMPLE_BY_SIZE, /* the block is from no cache */
		SAMPLE_CHOSEN,
		SAMPLE_NOT_CHOSEN,
	} sample;
	uint8_t sample_lg_mean; /* with which the block was chosen */
	uint8_t sample_bin;     /* that it is from */
	uint64_t random;
	_Alignas(64) char tsd[TSD_BYTES];
};

#define THREAD_WIPED offsetof(struct thread, caches)

#endif /* ARENA_STRUCTURES_H */
