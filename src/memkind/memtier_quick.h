/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memtier_quick.h - blocks of a memory of memtier, the quick way: out of the
 * thread's caches of its tiers, and back.
 *
 * Compiled into libmemkind, and into libmemtier, which is of the same release.
 * The choice is that of memtier_policy.c, as far as it needs no more than what
 * the thread has at hand. Whatever is any different is left to the slow way,
 * which does all of it: a tier to be compared of which the thread has no cache
 * yet, a cache that has no block, thresholds that are to be looked at.
 *
 * With decorators there is no quick way: the program is to see each call.
 * Owns nothing, takes no lock.
 */
#ifndef MEMKIND_MEMTIER_QUICK_H
#define MEMKIND_MEMTIER_QUICK_H

#include "arena/count.h"
#include "memkind/memtier_policy.h"

static inline struct cache *
memtier_cache(const struct thread *thread, const struct memtier_tier *tier)
{
	return thread
	    ->cache[atomic_load_explicit(&tier->heap, memory_order_relaxed)];
}

/* What the tier has; false if the thread has no cache to tell by. */
static inline bool
memtier_has_quickly(
    const struct thread *thread, const struct memtier_tier *tier, double *bytes)
{
	const struct cache *cache = memtier_cache(thread, tier);

	if (unlikely(cache == NULL))
		return false;
	*bytes = (double)cache_counted(cache);
	return true;
}

/*
 * The last tier that has less than its share, as measured by what the first one
 * has; the first tier if none has. This is memtier's rule, and the order of
 * tiers part of it. What a tier has is scaled to what the first one should have
 * then. The scale is infinite for a share of 0, which never lacks, and 0 where
 * the first has such a share: then the tier lacks when the first has anything.
 *
 * That it keeps the proportion: a tier that lacks gets all blocks until it does
 * not, and the first tier gets them only while no other lacks, which raises the
 * measure for all. So each tier is off by about a block at most, and by what
 * the estimates are off. In the beginning all have nothing, and the first tier
 * begins.
 *
 * HAS tells what a tier has, for THREAD; NULL where it cannot.
 */
static ALWAYS_INLINE const struct memtier_tier *
memtier_lacking(const struct memtier_memory *memory,
    const struct thread *thread,
    bool (*has)(const struct thread *thread, const struct memtier_tier *tier,
	double *bytes))
{
	const struct memtier_tier *first = memory->tiers, *tier = memory->last;
	double of_first, of_tier;

	if (tier == first)
		return first;
	if (unlikely(!has(thread, first, &of_first)))
		return NULL;
	do {
		if (unlikely(!has(thread, tier, &of_tier)))
			return NULL;
		if (of_tier * tier->scale < of_first)
			return tier;
	} while (--tier != first);
	return first;
}

/*
 * Between each two neighbours I and I + 1 lies the threshold I: smaller blocks
 * come from the tier before. Bounds of neighbouring thresholds do not overlap
 * (thresholds_fit() in memtier_builder.c), so thresholds stay in order wherever
 * they move, and the first one above SIZE is the right one.
 */
static inline const struct memtier_tier *
memtier_by_size(const struct memtier_memory *memory, size_t size)
{
	const struct memtier_moving *threshold = memory->moving;
	const struct memtier_tier *tier = memory->tiers;

	for (; tier != memory->last; tier++, threshold++)
		if (size < atomic_load_explicit(
			       &threshold->value, memory_order_relaxed))
			break;
	return tier;
}

static inline _Atomic unsigned *
memtier_calls_made(struct memtier_memory *memory, const struct thread *thread)
{
	return &memory->calls[thread->ordinal % MEMTIER_COUNTERS].made;
}

static ALWAYS_INLINE void *
memtier_take_by_share(const struct memtier_memory *memory, size_t size)
{
	const struct thread *thread = thread_self;
	const struct memtier_tier *tier = memtier_lacking(
	    memory, thread, memtier_has_quickly);
	struct cache *cache;

	if (unlikely(tier == NULL))
		return NULL;
	cache = memtier_cache(thread, tier);
	return likely(cache != NULL) ? cache_take_counted(cache, size) : NULL;
}

/* The call is made when there is a block: it is counted before the block is, as
 * that may leave by a tail call. */
static ALWAYS_INLINE void *
memtier_take_by_size(struct memtier_memory *memory, size_t size)
{
	const struct thread *thread = thread_self;
	_Atomic unsigned *made = memtier_calls_made(memory, thread);
	unsigned calls = 1 + atomic_load_explicit(made, memory_order_relaxed);
	unsigned number = bin_for(size);
	struct cache *cache;
	void *ptr;

	if (unlikely(calls == memory->settings.calls))
		return NULL;
	cache = memtier_cache(thread, memtier_by_size(memory, size));
	if (unlikely(cache == NULL))
		return NULL;
	ptr = cache_take(cache, number);
	if (unlikely(ptr == NULL))
		return NULL;
	atomic_store_explicit(made, calls, memory_order_relaxed);
	return cache_count_taken(cache, number, ptr);
}

/* A block of the memory, or NULL: take the slow way. One of no bytes depends on
 * the kind; the comparison leaves that out along with what is too large. */
static ALWAYS_INLINE void *
memtier_take(struct memtier_memory *memory, size_t size)
{
#ifdef MEMKIND_DECORATION_ENABLED
	return NULL;
#endif
	if (unlikely(size - 1 >= CACHE_SIZE_MAX))
		return NULL;
	return memory->policy == MEMTIER_POLICY_STATIC_RATIO ?
	    memtier_take_by_share(memory, size) :
	    memtier_take_by_size(memory, size);
}

/* Frees a block of one of the memory's tiers, or returns false: the same. */
static ALWAYS_INLINE bool
memtier_give(const struct memtier_memory *memory, void *ptr)
{
	const struct memtier_tier *tier = memory->tiers;
	const struct thread *thread = thread_self;

#ifdef MEMKIND_DECORATION_ENABLED
	return false;
#endif
	do {
		struct cache *cache = memtier_cache(thread, tier);

		if (likely(cache != NULL) && cache_put_counted(cache, ptr))
			return true;
	} while (tier++ != memory->last);
	return false;
}

#endif /* MEMKIND_MEMTIER_QUICK_H */
