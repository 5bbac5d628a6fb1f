/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * heap.c - see heap.h.
 *
 * Owns nothing but what is in struct heap.
 */
#include "arena/heap.h"

#include <errno.h>

#include "arena/arenas.h"
#include "arena/bin.h"
#include "arena/cache.h"
#include "arena/heaps.h"
#include "arena/inherit.h"
#include "arena/slot.h"
#include "arena/start.h"
#include "arena/stats.h"

int
heap_open(struct heap *heap, struct source *source,
    const struct heap_options *options, const struct heap *alias)
{
	struct source_stats stats;

	if (!start_jemalloc())
		return EAGAIN;
	heap->source = source;
	heap->options = *options;
	heap->full_size = heap->spans_min = SIZE_MAX;
	source_stats(source, &stats, false);
	heap->capacity = options->fixed ? stats.size : 0;
	heap_limit_changed(heap, stats.limit);
	if (!heaps_enter(heap))
		return ENOMEM;
	heap->alias = alias == NULL ? heap->id : alias->id;
	return 0;
}

void
heap_close(struct heap *heap)
{
	heaps_leave(heap);
	slots_give_back(heap);
	heap_forget_inherited(heap);
}

/* Caches that would be above the new quota are emptied at once: the limit is
 * lowered to have the memory back. */
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

void
heap_drain(struct heap *heap)
{
	atomic_store(&heap->spans_min, SIZE_MAX);
	caches_drain(heap);
	arenas_purge(heap);
}

/* ---- Statistics --------------------------------------------------------- */

/* Of the heap and, in the child of a fork, of what it inherited. */
static struct stats_total
count_all(struct heap *heap)
{
	struct stats_total total = { 0 };

	for (struct heap *h = heap; h != NULL; h = h->inherited)
		arenas_count(h, &total);
	return total;
}

/* What was handed out past the caches. */
static uint64_t
arena_requests(const struct heap *heap)
{
	uint64_t requests = 0;

	for (const struct heap *h = heap; h != NULL; h = h->inherited)
		for (unsigned i = 0; i < atomic_load(&h->arena_count); i++)
			requests += atomic_load(&h->slot[i]->requests);
	return requests;
}

/* Threads go on meanwhile: what they took is not less than nothing. */
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
