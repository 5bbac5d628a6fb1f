/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * quota.h - how many bytes of a heap may be free and out of its arenas' reach:
 * in its thread caches (bin.h) and in its depot (depot.h).
 *
 * Of a heap with a size or a limit a sixteenth, of others as much as they like.
 * What is taken is counted before it is there, by a compare-and-swap from a
 * value that leaves room for it, so that no number of threads gets the sum
 * beyond the quota.
 *
 * Owns heap->quota_used. Called by any thread, without a lock.
 */
#ifndef ARENA_QUOTA_H
#define ARENA_QUOTA_H

#include "arena/structures.h"

#define QUOTA_PART 16 /* of a bounded heap */
/* No bound: sums of a few of these do not overflow. */
#define QUOTA_UNLIMITED (SIZE_MAX / 4)

/* Who holds something takes at most this part of the quota, or as much as it
 * leaves for others: a thread that is alone may have half of it. */
#define QUOTA_SHARE 8

static inline bool
heap_is_unbounded(const struct heap *heap)
{
	return atomic_load_explicit(&heap->quota_max, memory_order_relaxed) ==
	    QUOTA_UNLIMITED;
}

/* Takes BYTES for one who holds HELD, or takes nothing. */
static inline bool
quota_take(struct heap *heap, size_t held, size_t bytes)
{
	size_t max = atomic_load(&heap->quota_max);
	size_t used = atomic_load(&heap->quota_used);

	do {
		if (used > max || bytes > max - used ||
		    held + bytes > max_size(max / QUOTA_SHARE, max - used))
			return false;
	} while (!atomic_compare_exchange_weak(
	    &heap->quota_used, &used, used + bytes));
	return true;
}

static inline void
quota_give_back(struct heap *heap, size_t bytes)
{
	atomic_fetch_sub(&heap->quota_used, bytes);
}

#endif /* ARENA_QUOTA_H */
