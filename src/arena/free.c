/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * free.c - see free.h.
 *
 * Three ways, each for what the one before does not serve:
 *
 *  1. The page bin index of the thread's cache of the heap that was named, or
 *     of the cache that it last gave a block to: no look-up
 *     (cache_put_indexed()).
 *  2. The radix tree, where the thread found something in the same GiB lately:
 *     it tells class and heap, and the thread's cache of that heap takes the
 *     block.
 *  3. The whole look-up, which believes nothing; the cache makes room, or the
 *     block goes to its arena.
 *
 * A block that counts (count.h) is one whose size is found on the way; whether
 * it does is a constant in each of the functions that are called from outside.
 *
 * Owns nothing but thread->recent, which only its thread sets.
 */
#include "arena/tree.h"

#include "arena/arenas.h"
#include "arena/cache.h"
#include "arena/count.h"
#include "arena/free.h"
#include "arena/heaps.h"
#include "arena/thread.h"
#include "os/misuse.h"

/* Frees a block past the cache; see blocks_return(). */
static void
free_to_arena(struct heap *heap, void *ptr, const rtree_contents_t *contents)
{
	struct arena_slot *slot = slot_of(contents);
	tsdn_t *tsdn;

	slot_enter(slot);
	tsdn = tsd_tsdn(tsd_fetch());
	if (contents->metadata.slab)
		arena_dalloc_small(tsdn, ptr);
	else
		large_dalloc(tsdn, contents->edata);
	slot_leave(slot);
	arenas_got_back(heap, slot);
}

/* A heap that the child of a fork inherited has no id and no cache. */
static void
free_to_heap(struct heap *heap, void *ptr, const rtree_contents_t *contents)
{
	struct cache *cache = NULL;

	annotate_freed(ptr);
	if (is_cacheable(contents) && heap->id != NO_HEAP)
		cache = cache_of(heap);
	if (cache == NULL ||
	    !cache_flush(cache, contents->metadata.szind + 1, ptr))
		free_to_arena(heap, ptr, contents);
}

/* Frees what the fast path did not: through the cache if it can make room, or
 * past it. */
static bool __attribute__((noinline)) free_slowly(void *ptr, bool counted)
{
	rtree_contents_t contents;
	struct heap *heap = NULL;
	int saved = errno;

	annotate_enter();
	heaps_decay();
	if (look_up(ptr, &contents))
		heap = heap_of(&contents);
	if (counted && heap != NULL)
		heap_count(heap, -(int64_t)usable_of(&contents));
	/* In the child of a fork that refused the kind nothing is left. */
	if (heap != NULL && likely(!source_refused(heap->source)))
		free_to_heap(heap, ptr, &contents);
	else if (heap == NULL && unlikely(annotate_is_on()) &&
	    source_owner_of(ptr) != NULL)
		/* What was freed already: memcheck says so. */
		annotate_freed(ptr);
	annotate_leave();
	errno = saved;
	return heap != NULL;
}

/* The cache is the first to be tried for blocks whose kind is not named. */
static void
remember(struct thread *thread, struct cache *cache)
{
	thread->recent.cache = cache;
	thread->recent.base = cache->page_bins.base;
	atomic_store_explicit(&thread->recent.bytes, cache->page_bins.bytes,
	    memory_order_relaxed);
}

/* Frees a block whose page bin index the caller does not have. */
static ALWAYS_INLINE bool
free_unindexed(void *ptr, bool counted)
{
	struct thread *thread = thread_self;
	rtree_contents_t contents;

	if (likely(look_up_again(thread, ptr, &contents)) &&
	    likely(is_cacheable(&contents))) {
		struct heap *heap = heap_of(&contents);
		struct cache *cache = heap == NULL ? NULL :
						     thread->cache[heap->id];
		unsigned number = contents.metadata.szind + 1;

		if (likely(cache != NULL) &&
		    likely(cache_put(cache, number, ptr))) {
			remember(thread, cache);
			if (counted)
				cache_count_put(cache, number, ptr);
			return true;
		}
	}
	return free_slowly(ptr, counted);
}

/* The same, and a sentence where there is none. */
static bool __attribute__((noinline)) free_or_explain(void *ptr)
{
	if (likely(free_unindexed(ptr, false)))
		return true;
	misuse("%p is no block of any kind", ptr);
	return false;
}

static bool __attribute__((noinline)) free_quietly(void *ptr)
{
	return free_unindexed(ptr, false);
}

bool
heap_free(unsigned id, void *ptr)
{
	return likely(cache_free(id, ptr)) || free_or_explain(ptr);
}

/* The cache that the thread last gave a block to, if PTR lies in its segment.
 */
static ALWAYS_INLINE struct cache *
cache_as_before(const void *ptr)
{
	struct recent *recent = &thread_self->recent;

	if (unlikely((uintptr_t)ptr - recent->base >=
		atomic_load_explicit(&recent->bytes, memory_order_relaxed)))
		return NULL;
	assume(recent->cache != NULL);
	return recent->cache;
}

/* Whether it takes the block. */
static ALWAYS_INLINE bool
free_as_before(void *ptr)
{
	struct cache *cache = cache_as_before(ptr);

	return likely(cache != NULL) && likely(cache_put_indexed(cache, ptr));
}

bool
heap_free_any(void *ptr)
{
	return likely(free_as_before(ptr)) || free_or_explain(ptr);
}

bool
heap_free_if_any(void *ptr)
{
	return likely(free_as_before(ptr)) || free_quietly(ptr);
}

bool
heap_free_counted(void *ptr)
{
	struct cache *cache = cache_as_before(ptr);

	return (likely(cache != NULL) &&
		   likely(cache_put_counted(cache, ptr))) ||
	    free_unindexed(ptr, true);
}
