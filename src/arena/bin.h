/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bin.h - a cache's stacks of free blocks, and the quota that bounds them.
 *
 * All caches of a heap together may hold so many bytes: of a heap with a size
 * or a limit a sixteenth, else as much as they like. What a cache may hold is
 * room in its bins, taken from that quota beforehand, so that a free compares
 * two pointers and counts nothing.
 *
 * That the caches stay within the quota:
 *
 *  1. A bin holds no more blocks than it has room for. A free that finds the
 *     head at the limit does not enter the block; a fill takes at most half of
 *     the room into a bin that is empty; and a limit moves down only together
 *     with the blocks above it (bin_close() of an empty bin, cache_empty()).
 *  2. The room of a cache's bins, in bytes, is cache->quota. Both are changed
 *     by who has the cache, its owner inside or who revoked it, one after the
 *     other; until the room is there, or where it could not be had, the quota
 *     was taken and is given back (bin_grow()).
 *  3. heap->quota_used is the sum of cache->quota of all its caches. It is
 *     raised before a cache has the bytes, and lowered by no more than a cache
 *     has: so it never falls below the sum, nor below zero.
 *  4. It is raised by a compare-and-swap alone, from a value that leaves room
 *     for the bytes below quota_max. So no number of threads gets it beyond.
 *
 * By 1, 2 and 3 the caches hold no more than quota_used, by 4 that is at most
 * quota_max. Where quota_max itself is lowered all caches are emptied that
 * would be above (heap_limit_changed()); a thread that had read it just before
 * may still take room once, and nobody takes more until that is below again.
 *
 * Owns nothing: called by who is inside the cache or has revoked it. Taking
 * room may fail, giving it back cannot.
 */
#ifndef ARENA_BIN_H
#define ARENA_BIN_H

#include "arena/structures.h"

#define QUOTA_PART 16 /* of a bounded heap may lie in caches */
/* No bound: sums of a few of these do not overflow. */
#define QUOTA_UNLIMITED (SIZE_MAX / 4)

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

/* Doubles the room of a bin, or as much of that as the quota allows; false if
 * it stays as it is. */
bool bin_grow(struct cache *cache, unsigned number);

/* Gives the COUNT blocks that were freed first back to their arenas. */
void bin_return(struct cache *cache, unsigned number, unsigned count);

/* Gives up the room of a bin, which is empty. */
void bin_close(struct cache *cache, unsigned number);

/* Gives all blocks back, and all room up. */
void cache_empty(struct cache *cache);

#endif /* ARENA_BIN_H */
