/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cache.h - free blocks of one heap, ready for one thread: the fast path.
 *
 * Caches of the engine's own stand before jemalloc's bins. jemalloc's explicit
 * thread caches are numbered (4093 in a process), cost 26 us each, and can only
 * be emptied by their thread. These are filled and flushed straight from an
 * arena's bins, appear at first use, take what they may hold from a quota of
 * their heap (bin.h), can be emptied by any thread (revocation.h), and need no
 * jemalloc TLS on the fast path: the engine has a few pointers of initial-exec
 * TLS, so that it can be loaded by dlopen(3).
 *
 * A cache has a bin for each class of sizes up to CACHE_LARGE_MAX, a stack of
 * blocks. Which bin a block goes into the page bin index of its segment tells
 * (page_bin_index.h). A cache knows the index of the largest segment of its
 * heap; blocks of others are looked up in the radix tree (free.c).
 *
 * Housekeeping. Every 128th allocation from a bin takes the slow path, on which
 * the thread looks around: whether free memory is to be given back (heaps.c),
 * and where it runs now (kind/). What counts down to that is the bin's
 * countdown, and the same counter serves statistics. REQUESTS is raised when
 * the countdown starts anew, by as much as the countdown is; each allocation
 * lowers the countdown by one. So REQUESTS less the countdown stays what it is
 * in the first case, goes up by one in the second, and is the number of blocks
 * handed out ever. The fast path pays two instructions for clock and statistics
 * together.
 *
 * What is inline here is compiled into the libraries that stand in malloc's
 * place as well. Takes no lock; the slow sides are called with none held.
 */
#ifndef ARENA_CACHE_H
#define ARENA_CACHE_H

#include "arena/bin.h"
#include "arena/page_bin_index.h"
#include "arena/revocation.h"
#include "arena/sizeclass.h"
#include "arena/structures.h"

/* Blocks taken from a bin until the thread does its housekeeping. */
#define HOUSEKEEPING_INTERVAL 128

/* Large blocks wait for so long, at most twice that, for somebody to take
 * one. */
#define CACHE_AGE_MS 1000

/* The thread's record; one with no caches before the first block. */
extern SHARED_BELOW _Thread_local struct thread *thread_self __asm__(
    "poolkind_thread_self") __attribute__((tls_model("initial-exec")));

/* The bin's address is computed once: compilers take it apart else, and do it
 * for each member. */
static inline struct bin *
bin_of(struct cache *cache, unsigned number)
{
	struct bin *bin = &cache->bin[number];

	__asm__("" : "+r"(bin));
	return bin;
}

/* A block of the bin, or NULL when it is empty, the block on top is not at a
 * multiple of ALIGNMENT, or housekeeping is due. */
static ALWAYS_INLINE void *
cache_take_top(struct cache *cache, unsigned number, size_t alignment)
{
	struct bin *bin = bin_of(cache, number);
	void *ptr = NULL;
	void **head;

	if (unlikely(!cache_enter(cache)))
		return NULL;
	head = bin->head;
	if (likely(head != bin->block)) {
		if (unlikely(--bin->countdown < 0))
			bin->countdown = 0;
		else if (likely(is_aligned((uintptr_t)head[-1], alignment))) {
			ptr = head[-1];
			bin->head = head - 1;
			assume(ptr != NULL);
		} else
			bin->countdown++;
	}
	cache_leave(cache);
	return ptr;
}

/* The same for any block: cache_fill() has one where this has none. */
static inline void *
cache_take(struct cache *cache, unsigned number)
{
	return cache_take_top(cache, number, 1);
}

/* The same of a bin of which every block is chosen (recording.h), whose
 * countdown has always ended: how many were handed out is counted beside it,
 * and whoever gets the block tells. Every HOUSEKEEPING_INTERVAL-th comes by the
 * slow path, as else. */
static inline void *
cache_take_chosen(struct cache *cache, unsigned number)
{
	struct bin *bin = bin_of(cache, number);
	void *ptr = NULL;

	if (unlikely(!cache_enter(cache)))
		return NULL;
	if (likely(bin->head != bin->block) && bin->countdown == 0 &&
	    (cache->requests[number] + 1) % HOUSEKEEPING_INTERVAL != 0) {
		cache->requests[number]++;
		cache->told[number]++;
		ptr = *--bin->head;
		assume(ptr != NULL);
	}
	cache_leave(cache);
	return ptr;
}

/* Puts a block back into its bin; false when that is full, or PTR is no block
 * of the bin, as far as its address tells. */
static inline bool
cache_put(struct cache *cache, unsigned number, void *ptr)
{
	struct bin *bin = bin_of(cache, number);
	void **head;
	bool done = false;

	if (unlikely(((uint16_t)(uintptr_t)ptr & bin->low_bits) != 0) ||
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

/* The byte of the page that PTR is in, in the page bin index; NULL if the cache
 * does not have that of PTR's segment. */
static inline unsigned char *
cache_entry(struct cache *cache, const void *ptr)
{
	size_t offset = (uintptr_t)ptr - cache->page_bins.base;
	unsigned char *entry;

	if (unlikely(offset >= cache->page_bins.bytes))
		return NULL;
	entry = &cache->page_bins.mark[offset / PAGE_BYTES];
	assume(entry != NULL);
	return entry;
}

/* The bin for PTR by that, 0 if the page has no entry; false if there is no
 * such byte. */
static inline bool
cache_find_bin(struct cache *cache, const void *ptr, unsigned *number)
{
	const unsigned char *entry = cache_entry(cache, ptr);

	if (unlikely(entry == NULL))
		return false;
	*number = __atomic_load_n(entry, __ATOMIC_RELAXED);
	return true;
}

/* The same as cache_put() by that. */
static inline bool
cache_put_indexed(struct cache *cache, void *ptr)
{
	unsigned number;

	return likely(cache_find_bin(cache, ptr, &number)) &&
	    cache_put(cache, number, ptr);
}

/* Whether PTR lies in the segment of the cache that the thread remembers
 * (thread->recent), and where: if so, the bin of its page is to be found
 * without a load that waits for PTR but the last. */
static inline bool
cache_is_as_before(const void *ptr, size_t *offset)
{
	const struct recent *recent = &thread_self->recent;

	*offset = (uintptr_t)ptr - recent->base;
	return *offset <
	    atomic_load_explicit(&recent->bytes, memory_order_relaxed);
}

/* Puts PTR there, which lies at that OFFSET. */
static inline bool
cache_put_as_before(void *ptr, size_t offset)
{
	struct cache *cache = thread_self->recent.cache;

	return cache_put(cache,
	    __atomic_load_n(
		&cache->page_bins.mark[offset / PAGE_BYTES], __ATOMIC_RELAXED),
	    ptr);
}

/* Has the thread remember the cache for that. Not in the debug library, which
 * sees each block go: a facade with this inlined would find it. */
static inline void
cache_remember(struct thread *thread, struct cache *cache)
{
	if (DEBUGGING)
		return;
	thread->recent.cache = cache;
	thread->recent.base = cache->page_bins.base;
	atomic_store_explicit(&thread->recent.bytes, cache->page_bins.bytes,
	    memory_order_relaxed);
}

/* Has the calling thread remember its cache of the heap ID, if it has one and
 * does not remember it already: the blocks that it frees next are likely to be
 * of it. */
static inline void
cache_expect(unsigned id)
{
	struct thread *thread = thread_self;
	struct cache *cache = thread->cache[id];

	if (unlikely(thread->recent.cache != cache ||
		atomic_load_explicit(
		    &thread->recent.bytes, memory_order_relaxed) == 0) &&
	    cache != NULL)
		cache_remember(thread, cache);
}

/* Whether the bin takes blocks, and PTR can be one of its. It takes none where
 * the child of a fork was refused the heap. */
static inline bool
cache_serves(struct cache *cache, unsigned number, const void *ptr)
{
	const struct bin *bin = &cache->bin[number];
	bool serves;

	if (((uint16_t)(uintptr_t)ptr & bin->low_bits) != 0 ||
	    !cache_enter(cache))
		return false;
	serves = bin_room(bin) != 0;
	cache_leave(cache);
	return serves;
}

/*
 * The fast path, for those who know a heap by its id: a block of the thread's
 * cache of that heap, and back into it. NULL and false: it can't be done so,
 * and the slow path is to be taken. PTR may be anything, NULL too.
 */
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

	return likely(cache != NULL) && likely(cache_put_indexed(cache, ptr));
}

/* What may be used of the block PTR, by the page bin index of the same cache;
 * 0: the slow path knows. It believes that PTR is a block: of one that was
 * freed, or of what lies inside of a small one, it tells the size of that. */
static inline size_t
cache_size_of(unsigned id, const void *ptr)
{
	struct cache *cache = thread_self->cache[id];
	unsigned number;

	if (unlikely(cache == NULL) || !cache_find_bin(cache, ptr, &number) ||
	    number == 0 || number >= BIN_LARGE ||
	    ((uint16_t)(uintptr_t)ptr & cache->bin[number].low_bits) != 0)
		return 0;
	return cache_bin_size[number];
}

/*
 * The bin of a heap's caches for SIZE bytes, 0 if there is none. A block above
 * CACHE_SIZE_MAX has the pages that it needs and not more, so one that comes
 * back may be too small for the next request of its class. Where pages that
 * nobody touches cost nothing, in a heap of ordinary memory without a bound, it
 * therefore gets all pages of its class. In other heaps caches serve the sizes
 * of classes only.
 */
static inline unsigned
cache_bin_in(const struct heap *heap, size_t size)
{
	unsigned number;

	if (size <= CACHE_SIZE_MAX)
		return bin_for(size);
	if (size > CACHE_LARGE_MAX)
		return 0;
	number = bin_for_large(size);
	return (heap->options.rounds && heap_is_unbounded(heap)) ||
		align_up(size, PAGE_BYTES) == cache_bin_size[number] ?
	    number :
	    0;
}

/* Marks a block in use whose segment is not the cache's. */
SHARED_BELOW void cache_mark_in_use(unsigned number, void *ptr) __asm__(
    "poolkind_mark_in_use");

/* Has the page bin index say that the program has PTR, out of a bin of blocks
 * above CACHE_SIZE_MAX. Returns PTR. */
static inline void *
cache_hand_out(struct cache *cache, unsigned number, void *ptr)
{
	unsigned char *entry = cache_entry(cache, ptr);

	if (likely(entry != NULL))
		__atomic_store_n(
		    entry, page_bin_in_use(number), __ATOMIC_RELAXED);
	else
		cache_mark_in_use(number, ptr);
	return ptr;
}

/* What cache_malloc() is for smaller ones, for a SIZE above CACHE_SIZE_MAX. */
static ALWAYS_INLINE void *
cache_malloc_large(unsigned id, size_t size)
{
	struct cache *cache = thread_self->cache[id];
	unsigned number;
	void *ptr;

	if (unlikely(cache == NULL))
		return NULL;
	number = cache_bin_in(cache->heap, size);
	ptr = number != 0 ? cache_take(cache, number) : NULL;
	return ptr != NULL ? cache_hand_out(cache, number, ptr) : NULL;
}

/* The same of any SIZE, if the block on top is at a multiple of ALIGNMENT. */
static inline void *
cache_malloc_aligned(unsigned id, size_t size, size_t alignment)
{
	struct cache *cache = thread_self->cache[id];
	unsigned number;
	void *ptr;

	if (unlikely(cache == NULL))
		return NULL;
	number = cache_bin_in(cache->heap, size);
	ptr = number != 0 ? cache_take_top(cache, number, alignment) : NULL;
	return ptr == NULL || number < BIN_LARGE ?
	    ptr :
	    cache_hand_out(cache, number, ptr);
}

/* A block of the bin, one of the calling thread's, that lies at a multiple of
 * ALIGNMENT, or NULL if none in it does. Looks at all of them: for bins of few
 * blocks. */
void *cache_take_aligned(
    struct cache *cache, unsigned number, size_t alignment);

/* Whether the bin, one of the calling thread's, has a block. */
bool cache_has(struct cache *cache, unsigned number);

/* The slow sides of take and put: fill the bin, or make room in it, and then
 * take or put. NULL and false: there is no room, do without the cache. */
void *cache_fill(struct cache *cache, unsigned number);
bool cache_flush(struct cache *cache, unsigned number, void *ptr);

/* Empties all caches of the heap. Takes heap->lock. */
void caches_drain(struct heap *heap);

/* Gives the large blocks back of which none was taken since the call before,
 * if that was a second ago or more. Returns whether any may be left. Takes
 * heap->lock. */
bool caches_age(struct heap *heap);

/* Gives the small blocks back of which none was taken since the call before.
 * Takes heap->lock. */
void caches_age_small(struct heap *heap);

/* What the caches of a heap hold, and what was handed out from them. */
struct cache_count {
	size_t bytes;
	uint64_t blocks, requests;
};
struct cache_count caches_count(struct heap *heap);

#endif /* ARENA_CACHE_H */
