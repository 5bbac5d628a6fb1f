/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * heap.c - see heap.h.
 *
 * Owns nothing but what is in struct heap. A heap has no arena when it is
 * opened: the first is made at its first block (slot.h), so that thousands of
 * kinds may be open at little cost. Takes no lock itself; what it calls does.
 */
#include "arena/heap.h"

#include <errno.h>

#include "arena/arenas.h"
#include "arena/bin.h"
#include "arena/cache.h"
#include "arena/depot.h"
#include "arena/heaps.h"
#include "arena/inherit.h"
#include "arena/sampled.h"
#include "arena/slot.h"
#include "arena/start.h"
#include "arena/stats.h"

/*
 * The record must be zero, but for an id that it may have. All that other
 * threads may look at is set before heaps_enter() puts the heap into the list,
 * from where a fork and the decay of idle heaps find it. Nothing is left behind
 * on failure: the caller frees record and source.
 *
 * A heap on a source of fixed size has that as its capacity, from which the
 * quota of its caches follows; one that grows has none until it has a limit.
 */
int
heap_open(struct heap *heap, struct source *source,
    const struct heap_options *options, struct heap *alias)
{
	struct source_stats stats;

	if (!start_jemalloc())
		return EAGAIN;
	heap->source = source;
	heap->options = *options;
	heap->background = options->background;
	heap->full_size = heap->spans_min = SIZE_MAX;
	source_stats(source, &stats, false);
	heap->capacity = options->fixed ? stats.size : 0;
	heap_limit_changed(heap, stats.limit);
	if (!heaps_enter(heap))
		return ENOMEM;
	if (alias != NULL) {
		heap->alias = alias->id;
		heap->settled = &alias->settled_here;
	}
	return 0;
}

/* In this order: the heap leaves the list, so that no fork and no decay begins
 * to work on it; its arenas are reset, which forgets all blocks; and the
 * sources of inherited memory are closed, which are nobody else's. */
void
heap_close(struct heap *heap)
{
	heaps_leave(heap);
	if (sampled_any())
		sampled_free_all(heap);
	depot_delete(heap);
	slots_give_back(heap);
	heap_forget_inherited(heap);
}

/*
 * Sets what all caches may hold, a sixteenth of what the heap can have: the
 * limit or the capacity, whichever is less. Caches that are above the new quota
 * are emptied at once, as who lowers a limit wants memory back, and idle
 * threads would never come by to return theirs. Whoever took room under the old
 * quota just before may be above for a moment (bin.h).
 */
void
heap_limit_changed(struct heap *heap, size_t limit)
{
	size_t bound = heap->capacity;

	if (limit != 0 && (bound == 0 || limit < bound))
		bound = limit;
	atomic_store(&heap->quota_max,
	    bound == 0 ? QUOTA_UNLIMITED : bound / QUOTA_PART);
	if (atomic_load(&heap->quota_used) > atomic_load(&heap->quota_max))
		caches_drain(heap);
}

/* The most that can be done for a request that is about to fail, short of what
 * the source does, and for a trim. Caches come first: what they hold keeps
 * slabs from becoming empty, and only empty extents go back. spans_min begins
 * anew, as is_bulky() in allocate.c counts from the last time that caches were
 * emptied. */
void
heap_drain(struct heap *heap)
{
	atomic_store(&heap->spans_min, SIZE_MAX);
	caches_drain(heap);
	arenas_purge(heap);
}

void
heap_trim(struct heap *heap)
{
	heap_drain(heap);
	source_trim(heap->source);
}

/* ---- Statistics --------------------------------------------------------- */

/* What arenas count, of the heap and, in the child of a fork, of what it
 * inherited: blocks that the child got from its parent are the kind's, too. */
static struct stats_total
count_all(struct heap *heap)
{
	struct stats_total total = { 0 };

	for (struct heap *h = heap; h != NULL; h = h->inherited)
		arenas_count(h, &total);
	return total;
}

/* How many blocks were handed out past the caches: large ones, and those of
 * threads without a cache. Caches count theirs themselves (cache.h). */
static uint64_t
arena_requests(const struct heap *heap)
{
	uint64_t requests = 0;

	for (const struct heap *h = heap; h != NULL; h = h->inherited)
		for (unsigned i = 0; i < atomic_load(&h->arena_count); i++)
			requests += atomic_load(&h->slot[i]->requests);
	return requests;
}

/*
 * Arenas count blocks in caches as handed out, so what the program holds is
 * that less what the caches hold. The two are counted one after the other while
 * threads go on, so the result may be off by what went from one to the other
 * meanwhile. Where it would be below zero it is zero, and there were no fewer
 * requests than blocks are in use.
 */
void
heap_stats(struct heap *heap, struct heap_stats *stats)
{
	struct cache_count cached = caches_count(heap);
	uint64_t requests = atomic_load(&heap->requests) + cached.requests;
	struct stats_total all = count_all(heap);
	size_t bytes = all.small.bytes + all.large.bytes;
	uint64_t blocks = all.small.current + all.large.current;

	stats->active = all.active;
	stats->cached = cached.bytes;
	stats->live = bytes - min_size(bytes, cached.bytes);
	stats->blocks = blocks - min_size(blocks, cached.blocks);
	requests += arena_requests(heap);
	stats->requests = max_size(stats->blocks, requests);
}

/* All threads are kept out of the arenas while both sides are read, so that no
 * extent is on its way between an arena and the source. What was inherited has
 * a source of its own, and is not looked at. */
bool
heap_is_sound(struct heap *heap)
{
	struct stats_total all = { 0 };
	struct source_stats stats;

	slots_stop();
	arenas_count(heap, &all);
	source_stats(heap->source, &stats, false);
	slots_go();
	return all.active + all.waiting == stats.spans;
}
