/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * heap.h - blocks out of a source: arenas, and a cache for each thread.
 *
 * A heap owns the jemalloc arenas of one kind, made when threads need them, and
 * the thread caches that stand before them. kind/ calls it; it calls jemalloc,
 * whose extent hooks call the source.
 *
 * Lock order, outermost first:
 *   (kind/)          the machine's topology; the list of all kinds
 *   started          whether jemalloc is ready
 *   caches_lock      which caches exist, of which thread and heap; heap ids
 *   heap->lock       the caches of a heap, while one thread empties them all
 *   (a cache)        its owner is inside, or it was revoked: see cache.h
 *   stop_lock        while all threads are kept out of the arenas
 *   slots_lock       which arenas are in use
 *   jemalloc's locks
 *   sources_lock, a source's lock, the lock of records
 *
 * Allocation fails with NULL alone, no errno; opening with an error number.
 */
#ifndef ARENA_HEAP_H
#define ARENA_HEAP_H

#include <stdatomic.h>

#include "base/base.h"
#include "os/lock.h"
#include "source/source.h"

#define HEAPS_MAX 4032     /* of jemalloc's 4094 arenas, one for each */
#define HEAP_ARENAS_MAX 64 /* of one heap */

struct arena_slot;
struct cache;

struct heap_options {
	bool fixed;       /* the source does not grow */
	bool bounded;     /* arenas keep nothing when it gets full */
	bool oversize;    /* large free space goes back: purge_oversize() */
	unsigned arenas;  /* at most */
	size_t cached;    /* the largest size that thread caches keep */
	bool decay_given; /* else as long as jemalloc does */
	int64_t decay_ms; /* how long free extents wait in their arena */
};

struct heap {
	unsigned id;     /* 1 to HEAPS_MAX, recycled; 0: none yet */
	bool id_is_lent; /* it is heap_release_id() that ends it */
	/* The id under which threads look for their cache: another heap's for
	 * one of several that serve a kind, each for threads in its place. */
	unsigned alias;
	struct source *source;
	/* In the child of a fork: the heap of what the parent had handed out,
	 * from which nothing is allocated; and of what its parent had. */
	struct heap *inherited;
	size_t capacity; /* 0: grows as needed */
	struct heap_options options;

	struct heap *next, **link; /* all heaps, under caches_lock */

	_Atomic bool waits;      /* something free is to go back later */
	_Atomic uint32_t tended; /* a thread is at that */
	struct heap *tend_next;  /* of the heaps that it tends */

	struct lock lock;
	struct cache *caches;
	_Atomic unsigned arenas; /* how many of slot[] there are */
	struct arena_slot *slot[HEAP_ARENAS_MAX];
	_Atomic unsigned contended;

	_Atomic bool tight;        /* bounded, and more than half full */
	_Atomic size_t lease_most; /* bytes that all caches may hold */
	_Atomic size_t leased;
	_Atomic size_t lowest; /* bytes in spans, since caches were emptied */

	_Atomic uint64_t requests;     /* of caches that are gone */
	_Atomic uint64_t noticed;      /* see heap_changes() */
	_Atomic uint64_t full_changes; /* changes when the heap was full... */
	_Atomic size_t full_size;      /* ...for this size; SIZE_MAX: none */
};

/* What the radix tree says of a block. */
struct block {
	struct heap *heap; /* NULL: no block */
	struct arena_slot *slot;
	size_t usable;
	bool slab; /* small: one of many in its extent */
};

/* Opens a heap on SOURCE, behind ALIAS if that is not NULL. Returns 0 or ENOMEM:
 * HEAPS_MAX heaps are open already, or no memory. A heap that has an id keeps
 * it. */
int heap_open(struct heap *heap, struct source *source,
    const struct heap_options *options, const struct heap *alias);

/* What caches need of libc, which may call malloc: heap_open() does it, unless
 * it was done. For who opens the first heap under a lock. */
void caches_start_once(void);

/* Gives HEAP an id before it is opened, which is given back after it was closed.
 * One that is never opened can be the alias of those that are opened with it:
 * of these a thread finds one under its id, which it changes by allocating from
 * another. ENOMEM as above. */
int heap_take_id(struct heap *heap);
void heap_release_id(struct heap *heap);

/* Takes all blocks back at once; nobody uses the heap any more. The source is
 * left to the caller, who closes it next: its spans need not be freed. */
void heap_close(struct heap *heap);

void *heap_malloc(struct heap *heap, size_t size);

/* ZERO: the block is to be zero. ALIGNMENT is a power of two. */
void *heap_allocate(
    struct heap *heap, size_t size, size_t alignment, bool zero);

/* Makes the block larger or smaller where it is; false if that can't be. */
bool heap_resize(void *ptr, const struct block *block, size_t size);

/* Frees a block of the heap with the id, or alias, ID; a block of another heap
 * goes to that one. False, with EINVAL and a sentence, when PTR is no block of
 * any; else errno stays. */
bool heap_free(unsigned id, void *ptr);

/* The same for a block of whatever heap. */
bool heap_free_any(void *ptr);

/* The same, for those to whom it is no error when PTR is no block of any. */
bool heap_free_if_any(void *ptr);

/* Moves a small block to a slab that is fuller; NULL if its own is full enough,
 * or there is no other place. */
void *heap_defragment(void *ptr, const struct block *block);

/* Looks PTR up, which may be anything but NULL. */
struct block block_of(const void *ptr);

/* The block that ADDR, any address, is in, and the owner of its source; false if
 * in none. May be called in a signal handler, and while a heap is closed: its
 * heap is no more than a sign then. */
bool block_around(
    const void *addr, struct block *block, void **start, void **owner);

/* The size of the class that serves SIZE bytes, at an alignment that is a power
 * of two; 0 if there is none so large. */
size_t usable_size_for(size_t size);
size_t usable_size_aligned(size_t size, size_t alignment);

/* Tells that the limit of the source changed: to LIMIT bytes, 0 for none. */
void heap_limit_changed(struct heap *heap, size_t limit);

/* Counts up when a heap that was full may have room. */
uint64_t heap_changes(struct heap *heap);

/* Empties every thread cache of the heap, and gives the extents that become
 * free back to the source. */
void heap_drain(struct heap *heap);

/* Gives back what has been free for as long as it is to wait; whether more is
 * waiting. */
bool heap_tend(struct heap *heap);

/* The same for all heaps in which something waits, if nobody did for a while.
 * Called on every slow path, where no lock is held: so heaps that nobody uses
 * any more give back, too, as long as any is used. */
void heaps_tend(void);

struct heap_stats {
	size_t live, cached;       /* bytes */
	size_t active;             /* of extents that they lie in */
	uint64_t requests, blocks; /* handed out ever; and now */
};
void heap_stats(struct heap *heap, struct heap_stats *stats);

/* Writes what the heap's arenas know of themselves, piece by piece, in the form
 * of jemalloc's statistics. OMIT: parts to leave out. */
enum heap_print_omit {
	HEAP_PRINT_GENERAL = 1,
	HEAP_PRINT_MERGED = 2,
	HEAP_PRINT_ARENAS = 4,
	HEAP_PRINT_BINS = 8,
	HEAP_PRINT_LARGE = 16,
	HEAP_PRINT_FRAME = 32, /* first and last line */
};
void heap_print(struct heap *heap, unsigned omit,
    void (*write)(void *to, const char *text), void *to);

/* Whether arenas and source agree on what is handed out: extents that are in
 * use or wait in the arenas are the source's spans. */
bool heap_is_sound(struct heap *heap);

/*
 * Around fork. heaps_prefork() stops all threads outside of their caches and
 * takes all locks of this floor and of jemalloc; the caller goes on with
 * sources_prefork(). In the child the caches of threads that are gone are
 * emptied, and they are forgotten.
 */
void heaps_prefork(void);
void heaps_postfork_parent(void);
void heaps_postfork_child(void);

#endif /* ARENA_HEAP_H */
