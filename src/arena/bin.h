/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bin.h - a cache's stacks of free blocks, and the quota that bounds them.
 *
 * What all caches of a heap together may hold is bounded by its quota
 * (quota.h), and each has at most LARGE_BYTES in blocks above CACHE_SIZE_MAX.
 * What a cache may hold is room in its bins, taken from the quota beforehand,
 * so that a free compares two pointers and counts nothing.
 *
 * That caches and depot stay within the quota:
 *
 *  1. A bin holds no more blocks than it has room for. A free that finds the
 *     head at the limit does not enter the block; a fill takes at most half of
 *     the room into a bin that is empty; and a limit moves down only together
 *     with the blocks above it (bin_close() of an empty bin, cache_empty()).
 *  2. The room of a cache's bins, in bytes, is cache->quota. Both are changed
 *     by who has the cache, its owner inside or who revoked it, one after the
 *     other; until the room is there, or where it could not be had, the quota
 *     was taken and is given back (bin_grow()).
 *  3. heap->quota_used is the sum of cache->quota of all its caches and of what
 *     its depot has. It is raised before a cache or the depot has the bytes,
 *     and lowered by no more than they have: so it never falls below the sum,
 *     nor below zero.
 *  4. It is raised by a compare-and-swap alone, from a value that leaves room
 *     for the bytes below quota_max. So no number of threads gets it beyond.
 *
 * By 1, 2 and 3 they hold no more than quota_used, by 4 that is at most
 * quota_max. Where quota_max itself is lowered all is emptied that would be
 * above (heap_limit_changed()); a thread that had read it just before may still
 * take room once, and nobody takes more until that is below again.
 *
 * Owns nothing: called by who is inside the cache or has revoked it. Taking
 * room may fail, giving it back cannot.
 */
#ifndef ARENA_BIN_H
#define ARENA_BIN_H

#include "arena/quota.h"

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

/* Blocks handed out of a bin, ever: see "Housekeeping" in cache.h. */
static inline uint64_t
bin_requests(const struct cache *cache, unsigned number)
{
	return cache->requests[number] - cache->bin[number].countdown;
}

/* Around changes of a bin that take more than one store: until the second call
 * who reads the cache from another process does not believe it. */
static inline void
cache_change_begin(struct cache *cache)
{
	uint64_t changes = atomic_load_explicit(
	    &cache->changes, memory_order_relaxed);

	atomic_store_explicit(
	    &cache->changes, changes + 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
}

static inline void
cache_change_end(struct cache *cache)
{
	uint64_t changes = atomic_load_explicit(
	    &cache->changes, memory_order_relaxed);

	atomic_store_explicit(
	    &cache->changes, changes + 1, memory_order_release);
}

/* Doubles the room of a bin, or as much of that as the quota allows; false if
 * it stays as it is. */
bool bin_grow(struct cache *cache, unsigned number);

/* Gives the COUNT blocks that were freed first back to their arenas; or passes
 * them on to the depot, and only those that it does not take to the arenas. */
void bin_return(struct cache *cache, unsigned number, unsigned count);
void bin_pass_on(struct cache *cache, unsigned number, unsigned count);

/* Whether no block was taken out of the bin since this was last asked. */
bool bin_was_idle(struct cache *cache, unsigned number);

/* Gives up the room of a bin, which is empty. */
void bin_close(struct cache *cache, unsigned number);

/* Passes all blocks on, and gives all room up. */
void cache_empty(struct cache *cache);

#endif /* ARENA_BIN_H */
