/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cache.h - free blocks of one heap, ready for one thread.
 *
 * A cache has a bin for each size class up to CACHE_SIZE_MAX: a stack of
 * blocks. Only its thread touches it, without any lock; and yet another thread
 * can empty it, when the heap is full, when the process forks. For that the
 * owner raises a flag while it is inside, and looks whether the gate is shut.
 * The two stores that would need a fence between them are the owner's
 * own, on every call; the fence is paid by the other side, which has the kernel
 * run one on all processors (membarrier(2)) after it shut the gate.
 *
 * Which bin a block goes into is marked at the page it begins in, by the number
 * of the bin, when an arena hands it out. So who frees it reads one byte. Of a
 * kind's stretches a cache knows the marks of the largest, others are looked
 * up.
 *
 * A mark tells of a page, not of where in it a block begins: each bin has the
 * low bits that are never set in the address of one of its blocks, and takes
 * nothing that has one of them. Large blocks begin with a page, and of one the
 * first page alone has a mark; slots of a slab are apart by their size, whose
 * factor of two they share. So no pointer into a large block gets into a bin,
 * and of those into a small one only such as are a multiple of that factor off,
 * which for a size that is a power of two are other blocks.
 *
 * What a cache may hold is leased from its heap: room in a bin times the size
 * of its blocks, so that all caches of a heap with a limit stay below a
 * sixteenth of it. A cache that was emptied has no room until it is used again.
 */
#ifndef ARENA_CACHE_H
#define ARENA_CACHE_H

#include "arena/heap.h"
#include "arena/tsd.h"

#define CACHE_SIZE_MAX (64 * KIB)
/* Bins have the number of jemalloc's size class plus one. Bin 0 is always empty
 * and has no room: it is that of pages without a mark. */
#define CACHE_BINS 46

/* Blocks taken from a bin until the thread looks around itself. */
#define BIN_TURN 128

/* The top of the stack is an address, not a count: so a processor predicts that
 * what a free stored is what the next allocation loads, and starts on that
 * before it knows which bin the block went into. */
struct bin {
	void **head;     /* behind the latest freed */
	void **block;    /* a stack, the first freed at the bottom */
	void **limit;    /* where the head is when the bin is full, as leased */
	int32_t left;    /* blocks that may be taken in this turn */
	uint16_t slots;  /* pointers that there is memory for */
	uint16_t within; /* bits that are set in no address of its blocks */
};

static inline unsigned
bin_count(const struct bin *bin)
{
	return (unsigned)(bin->head - bin->block);
}

static inline unsigned
bin_room(const struct bin *bin)
{
	return (unsigned)(bin->limit - bin->block);
}

struct thread;

enum cache_gate {
	GATE_OPEN,
	GATE_FENCED, /* open; no membarrier(2), so the owner fences, too */
	GATE_SHUT,   /* another thread is at it */
};

struct cache {
	_Atomic uint32_t busy;     /* the owner is inside */
	_Atomic uint32_t gate;     /* whether it may enter */
	struct source_marks marks; /* of one stretch of the heap */
	struct heap *heap;
	struct thread *thread;
	unsigned turn;       /* which of the heap's arenas serves it */
	bool is_under_alias; /* the thread finds it under heap->alias, too */
	size_t leased;
	unsigned hand; /* where give_up_idle() looks next */
	struct cache *heap_next, **heap_link;     /* under heap->lock */
	struct cache *thread_next, **thread_link; /* under caches_lock */
	struct bin bin[CACHE_BINS];
	/* Blocks handed out of each, with those left of this turn. */
	uint64_t requests[CACHE_BINS];
	/* Of these, as many as there were when give_up_idle() last came by. */
	uint16_t seen[CACHE_BINS];
};

/* Blocks handed out of a bin, ever. */
static inline uint64_t
bin_requests(const struct cache *cache, unsigned number)
{
	return cache->requests[number] - cache->bin[number].left;
}

/* Where the thread last found blocks: jemalloc's rtree_ctx_t. */
#define LOOKUPS 24
struct lookup {
	uintptr_t leafkey;
	void *leaf;
};

/* The cache that a thread last gave a block to without naming its kind, and
 * the addresses whose marks it has. BYTES is 0 when the cache is gone. */
struct recent {
	struct cache *cache;
	uintptr_t base;
	_Atomic size_t bytes;
};

/* What the engine knows of a thread, found through one pointer of
 * initial-exec TLS. Made at the thread's first block, gone with it. */
struct thread {
	/* By heap id; pages touched as used. That of NO_HEAP stays NULL. These
	 * pages are wiped in a child: in one that fork(2) did not make nothing
	 * is taken out of a cache without a look at what kind of process it is.
	 * In one that it made the list has the caches still. */
	struct cache *cache[HEAPS_MAX + 1];
	struct recent recent;

	/* The same as a list. In a page of its own, as all that follows. */
	struct cache *caches __attribute__((aligned(PAGE_BYTES)));
	struct thread *next, **link; /* all threads, under caches_lock */
	unsigned turn;               /* spreads threads over arenas */
	bool has_lookup;             /* it may be written to */
	struct lookup lookup[LOOKUPS];
	_Alignas(64) char tsd[TSD_BYTES];
};

#define THREAD_WIPED offsetof(struct thread, caches)

/* Seen by the preload libraries, too, which stand on this one: what is inline
 * below is theirs as well. Their names are the project's own: a static library
 * shows them. */
#define SHARED_BELOW __attribute__((visibility("default")))

/* The thread's record; one with no caches before the first block. */
extern SHARED_BELOW _Thread_local struct thread *thread_self __asm__(
    "poolkind_thread_self") __attribute__((tls_model("initial-exec")));

/* The bin for SIZE, up to CACHE_SIZE_MAX; and the size of a bin's blocks. */
extern SHARED_BELOW uint8_t cache_bin_for[CACHE_SIZE_MAX / 8 + 1] __asm__(
    "poolkind_bin_for");
extern uint32_t cache_bin_size[CACHE_BINS];

/* Whether the bin's blocks share pages with others. */
bool bin_is_small(unsigned number);

static inline unsigned
bin_for(size_t size)
{
	return cache_bin_for[(size + 7) / 8];
}

/* Enters the cache, if that can be done the quick way. Only its thread may. */
static inline bool
cache_enter(struct cache *cache)
{
	atomic_store_explicit(&cache->busy, 1, memory_order_relaxed);
	atomic_signal_fence(memory_order_seq_cst);
	if (likely(atomic_load_explicit(&cache->gate, memory_order_acquire) ==
		GATE_OPEN))
		return true;
	atomic_store_explicit(&cache->busy, 0, memory_order_release);
	return false;
}

/* The same, with a fence of the owner's own, so that it does for a fenced gate,
 * too; false when the gate is shut. */
bool cache_enter_fenced(struct cache *cache);

static inline void
cache_leave(struct cache *cache)
{
	atomic_store_explicit(&cache->busy, 0, memory_order_release);
}

/* The bin's address is computed once: compilers take it apart else, and do it
 * for each member. */
static inline struct bin *
bin_of(struct cache *cache, unsigned number)
{
	struct bin *bin = &cache->bin[number];

	__asm__("" : "+r"(bin));
	return bin;
}

/* A block of the bin, or NULL when it is empty or the thread is to look around:
 * cache_fill() then has one. */
static inline void *
cache_take(struct cache *cache, unsigned number)
{
	struct bin *bin = bin_of(cache, number);
	void *ptr = NULL;
	void **head;

	if (unlikely(!cache_enter(cache)))
		return NULL;
	head = bin->head;
	if (likely(head != bin->block)) {
		if (unlikely(--bin->left < 0))
			bin->left = 0;
		else {
			ptr = head[-1];
			bin->head = head - 1;
			assume(ptr != NULL);
		}
	}
	cache_leave(cache);
	return ptr;
}

/* Puts a block back into its bin; false when that is full, or PTR is no block of
 * the bin, as far as its address tells. */
static inline bool
cache_put(struct cache *cache, unsigned number, void *ptr)
{
	struct bin *bin = bin_of(cache, number);
	void **head;
	bool done = false;

	if (unlikely(((uint16_t)(uintptr_t)ptr & bin->within) != 0) ||
	    unlikely(!cache_enter(cache)))
		return false;
	head = bin->head;
	if (likely(head != bin->limit)) {
		*head = ptr;
		bin->head = head + 1;
		done = true;
	}
	cache_leave(cache);
	return done;
}

/* The same by the mark of the page that PTR is in, if the cache has that; false
 * as well if there is none. */
static inline bool
cache_put_marked(struct cache *cache, void *ptr)
{
	size_t offset = (uintptr_t)ptr - cache->marks.base;

	return likely(offset < cache->marks.bytes) &&
	    cache_put(cache,
		__atomic_load_n(
		    &cache->marks.mark[offset / PAGE_BYTES], __ATOMIC_RELAXED),
		ptr);
}

/*
 * The quick way in and out, for those who know a heap by its id: a block of the
 * thread's cache of that heap, and back into it. NULL and false: it can't be
 * done so, and the slow way is to be taken. PTR may be anything, NULL too.
 */
#define NO_HEAP 0 /* an id under which no thread finds a cache */

static inline void *
cache_malloc(unsigned id, size_t size)
{
	struct cache *cache;

	if (unlikely(size > CACHE_SIZE_MAX))
		return NULL;
	cache = thread_self->cache[id];
	return likely(cache != NULL) ? cache_take(cache, bin_for(size)) : NULL;
}

static inline bool
cache_free(unsigned id, void *ptr)
{
	struct cache *cache = thread_self->cache[id];

	return likely(cache != NULL) && likely(cache_put_marked(cache, ptr));
}

/* The calling thread's record, made if need be; one without caches where it can
 * have none: no memory for it, or the thread is about to end. */
struct thread *thread_here(void);

/* The calling thread's cache of HEAP, made if need be; NULL where the thread
 * can have none: no memory for it, or the thread is about to end. */
struct cache *cache_of(struct heap *heap);

/* The same, to allocate from: if the heap stands behind an alias, the thread
 * finds the cache under that name from here on, and what it cached under it
 * before goes home. */
struct cache *cache_follow(struct heap *heap);

/* Whether the bin, one of the calling thread's, has a block. */
bool cache_has(struct cache *cache, unsigned number);

/* The slow sides of the two: fill the bin, or make room in it, and then take
 * or put. NULL and false: there is no room, do without the cache. */
void *cache_fill(struct cache *cache, unsigned number);
bool cache_flush(struct cache *cache, unsigned number, void *ptr);

/* Empties all caches of the heap. Takes heap->lock. */
void caches_drain(struct heap *heap);

/* What the caches of a heap hold, and what was handed out from them. */
struct cache_count {
	size_t bytes;
	uint64_t blocks, requests;
};
struct cache_count caches_count(struct heap *heap);

/* Enters a heap into the list of all, with an id; false: there are too many.
 * Takes it out, and forgets its caches without a look at their blocks. */
bool caches_open(struct heap *heap);
void caches_close(struct heap *heap);

/* The heaps in which something waits, chained by tend_next, whose "tended" the
 * caller takes back. None if the list of heaps is in use. */
struct heap *caches_choose_waiting(void);

/* Around fork, for all heaps: see heap.h. caches_bury() empties and forgets,
 * in the child, the caches of the threads that are gone, and those of heaps
 * whose blocks are the parent's; these begin anew (inherit.c). */
void caches_prefork(void);
void caches_postfork(void);
void caches_bury(void);
void heap_leave_behind(struct heap *heap);

/* Gives COUNT blocks of a bin back to their arenas. */
void blocks_return(struct heap *heap, unsigned turn, unsigned number,
    void **block, unsigned count);

/* Makes a thread ready to look blocks up, while no lock is held. */
void lookup_start(struct thread *thread);

/* Takes up to COUNT blocks for a bin out of an arena, not marked yet; returns
 * how many. */
unsigned blocks_fetch(struct heap *heap, unsigned turn, unsigned number,
    void **block, unsigned count);

/* Marks a block of USABLE bytes as one of the bin, in MARKS if it lies there.
 * Returns the marks that it lies in. */
struct source_marks block_mark(
    struct source_marks marks, void *ptr, size_t usable, unsigned number);

#endif /* ARENA_CACHE_H */
