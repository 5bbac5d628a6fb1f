/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * count.c - the slow sides of counting. See count.h.
 *
 * Owns nothing: counts are in caches and heaps.
 */
#include "arena/count.h"

#include "arena/thread.h"

/* Bytes: the bounds of the bound. */
#define GATHERED_MIN 4096
#define GATHERED_MAX 51200

/* A bound of 0, with which a cache begins, has its first block settled. */
static void
settle(struct cache *cache)
{
	int64_t gathered = atomic_load_explicit(
	    &cache->gathered, memory_order_relaxed);
	int64_t sum = gathered +
	    atomic_fetch_add_explicit(
		cache->settled, gathered, memory_order_relaxed);
	int64_t part = sum / 1024;

	atomic_store_explicit(&cache->gathered, 0, memory_order_relaxed);
	if (part < GATHERED_MIN)
		part = GATHERED_MIN;
	cache->gathered_max = part < GATHERED_MAX ? part : GATHERED_MAX;
}

void *
cache_settle(struct cache *cache, void *ptr)
{
	settle(cache);
	return ptr;
}

/* No thread has a cache under NO_HEAP, the id of what the child of a fork
 * inherited. */
void
heap_count(struct heap *heap, int64_t bytes)
{
	struct cache *cache = thread_self->cache[heap->id];
	int64_t gathered;

	if (cache == NULL) {
		atomic_fetch_add_explicit(
		    heap->settled, bytes, memory_order_relaxed);
		return;
	}
	gathered = cache_gather(cache, bytes);
	if (gathered > cache->gathered_max || gathered < -cache->gathered_max)
		settle(cache);
}

/* Under the lock, so that no cache is deleted between the look at the sum and
 * the look at the cache. */
int64_t
heaps_counted(const struct heap *heap, unsigned count)
{
	int64_t bytes;

	lock_take(&registry_lock);
	bytes = atomic_load(heap->settled);
	for (unsigned i = 0; i < count; i++)
		for (struct cache *c = heap[i].caches; c != NULL;
		     c = c->heap_next)
			bytes += atomic_load(&c->gathered);
	lock_give(&registry_lock);
	return bytes;
}
