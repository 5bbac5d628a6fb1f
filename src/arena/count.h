/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * count.h - how many bytes of a kind are in blocks that a facade counts.
 *
 * A facade that divides blocks among kinds by what each of them has, as memtier
 * does, asks for that at every allocation. Statistics would not do: they keep
 * all threads out of their caches for a moment, and know nothing of who handed
 * a block out. So such a facade allocates and frees by the functions here, and
 * a block counts, by its usable size, for the kind that it is of.
 *
 * A thread counts in its cache of the heap, with plain stores: one counter for
 * all threads would be a cache line that all processors fight for. What has
 * gathered there is settled when it is enough: it moves to a sum that all heaps
 * of the kind share. The bound is 4 KiB at first, so that the sum of a small
 * kind tells something, and grows with the sum, to a 1024th of it and to 51200
 * bytes at most, which is memkind's bound.
 *
 * That no byte is lost or counted twice: what was counted is in a cache, which
 * only its thread writes to, or in the sum, which changes by atomic additions
 * alone. It goes from the one to the other when it is settled, and when the
 * cache is deleted, by whoever deletes it. So sum and caches together are exact
 * when no thread counts meanwhile. Relaxed order is enough, because nobody
 * concludes from a count on other memory.
 *
 * What is inline here is compiled into libmemkind and libmemtier as well. Takes
 * no lock but in heaps_counted(). Cannot fail.
 */
#ifndef ARENA_COUNT_H
#define ARENA_COUNT_H

#include "arena/cache.h"

/* Moves what the thread has gathered in one of its caches to the sum. Returns
 * PTR, a block: a fast path leaves for it by a tail call, and needs no stack
 * frame. */
SHARED_BELOW void *cache_settle(struct cache *cache, void *ptr) __asm__(
    "poolkind_settle") __attribute__((returns_nonnull));

/* Adds BYTES, or subtracts them if they are below zero, to what the thread has
 * gathered in one of its caches, and returns that. */
static inline int64_t
cache_gather(struct cache *cache, int64_t bytes)
{
	bytes += atomic_load_explicit(&cache->gathered, memory_order_relaxed);
	atomic_store_explicit(&cache->gathered, bytes, memory_order_relaxed);
	return bytes;
}

/* Counts a block of the bin that PTR was taken from. Returns PTR. */
static inline void *
cache_count_taken(struct cache *cache, unsigned number, void *ptr)
{
	int64_t gathered = cache_gather(cache, cache_bin_size[number]);

	return likely(gathered <= cache->gathered_max) ?
	    ptr :
	    cache_settle(cache, ptr);
}

/* Counts PTR no more, which was put into the bin. */
static inline void
cache_count_put(struct cache *cache, unsigned number, void *ptr)
{
	int64_t gathered = cache_gather(
	    cache, -(int64_t)cache_bin_size[number]);

	if (unlikely(gathered + cache->gathered_max < 0))
		cache_settle(cache, ptr);
}

/* What the kind has, as far as the calling thread knows, whose cache this is:
 * it misses what other threads have gathered. May be below zero, when a free
 * was settled and the allocation before it, by another thread, was not. */
static inline int64_t
cache_counted(const struct cache *cache)
{
	return atomic_load_explicit(cache->settled, memory_order_relaxed) +
	    atomic_load_explicit(&cache->gathered, memory_order_relaxed);
}

/* cache_take(), cache_malloc() and cache_put_indexed(), for blocks that
 * count. */
static inline void *
cache_take_counted(struct cache *cache, size_t size)
{
	unsigned number = bin_for(size);
	void *ptr = cache_take(cache, number);

	return likely(ptr != NULL) ? cache_count_taken(cache, number, ptr) :
				     NULL;
}

static inline void *
cache_malloc_counted(unsigned id, size_t size)
{
	struct cache *cache;

	if (unlikely(size > CACHE_SIZE_MAX))
		return NULL;
	cache = thread_self->cache[id];
	return likely(cache != NULL) ? cache_take_counted(cache, size) : NULL;
}

static ALWAYS_INLINE bool
cache_put_counted(struct cache *cache, void *ptr)
{
	unsigned number;

	if (unlikely(!cache_find_bin(cache, ptr, &number)) ||
	    unlikely(!cache_put(cache, number, ptr)))
		return false;
	cache_count_put(cache, number, ptr);
	return true;
}

/* Counts for the heap of a block, in the thread's cache if it has one. */
void heap_count(struct heap *heap, int64_t bytes);

/* What the heaps of a kind have, COUNT of them in an array: exact when no
 * thread counts meanwhile. Takes registry_lock. */
int64_t heaps_counted(const struct heap *heap, unsigned count);

#endif /* ARENA_COUNT_H */
