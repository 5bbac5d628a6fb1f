/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * free.c - see free.h.
 *
 * Four ways, each for what the one before does not serve:
 *
 *  1. The page bin index of the thread's cache of the heap that was named, or
 *     else that blocks near by are of (home.h): no look-up
 *     (cache_put_indexed(), free_marked()).
 *  2. The same of the cache that the thread remembers.
 *  3. The radix tree, where the thread found something in the same GiB lately:
 *     it tells class and heap, and the thread's cache of that heap takes the
 *     block.
 *  4. The whole look-up, which believes nothing; the cache makes room, or the
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
#include "arena/decay.h"
#include "arena/free.h"
#include "arena/home.h"
#include "arena/sampled.h"
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
	unsigned number = contents->metadata.szind + 1;
	struct cache *cache = NULL;

	annotate_freed(ptr);
	if (is_cacheable(contents) && number >= BIN_LARGE)
		page_bin_set_free(ptr);
	if (is_cacheable(contents) && heap->id != NO_HEAP && thread_may_begin())
		cache = cache_of(heap);
	if (cache == NULL || !cache_flush(cache, number, ptr))
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
	heaps_decay(false);
	if (look_up(ptr, &contents))
		heap = heap_of(&contents);
	if (sampled_any() && heap != NULL)
		sampled_free(ptr);
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

/* Puts a large block into its bin, if ENTRY, its byte in the page bin index,
 * says that it is in use. Marked free first: once it is in the bin another
 * thread may empty that, and hand the page out anew. */
static ALWAYS_INLINE bool
put_large(struct cache *cache, unsigned number, unsigned char *entry, void *ptr)
{
	unsigned in_use = page_bin_in_use(number);

	if (unlikely(__atomic_load_n(entry, __ATOMIC_RELAXED) != in_use))
		return false;
	__atomic_store_n(entry, 0, __ATOMIC_RELAXED);
	if (likely(cache_put(cache, number, ptr)))
		return true;
	__atomic_store_n(entry, in_use, __ATOMIC_RELAXED);
	return false;
}

static ALWAYS_INLINE bool
put(struct cache *cache, unsigned number, void *ptr)
{
	return likely(number < BIN_LARGE) ?
	    cache_put(cache, number, ptr) :
	    put_large(cache, number, page_bin_of(ptr), ptr);
}

unsigned
heap_watched_bin(const void *ptr)
{
	rtree_contents_t contents;

	return (look_up_again(thread_self, ptr, &contents) ||
		   look_up(ptr, &contents)) &&
		is_cacheable(&contents) ?
	    contents.metadata.szind + 1 :
	    0;
}

static bool __attribute__((noinline))
put_watched(struct cache *cache, void *ptr)
{
	return cache_put(cache, heap_watched_bin(ptr), ptr);
}

/* Frees a block to a cache that the quick path tried, if any, where it is large
 * or its page is watched (recording.h). */
static ALWAYS_INLINE bool
free_marked(struct cache *cache, void *ptr, bool counted)
{
	unsigned char *entry = cache != NULL ? cache_entry(cache, ptr) : NULL;
	unsigned mark, number;

	if (entry == NULL)
		return false;
	mark = __atomic_load_n(entry, __ATOMIC_RELAXED);
	if (unlikely(mark - CACHE_BINS >= LARGE_BINS))
		return mark == BIN_WATCHED && !counted &&
		    put_watched(cache, ptr);
	number = mark - LARGE_BINS;
	if (!put_large(cache, number, entry, ptr))
		return false;
	if (counted)
		cache_count_put(cache, number, ptr);
	return true;
}

/* Frees a block whose page bin index the caller does not have. */
static ALWAYS_INLINE bool
free_unindexed(void *ptr, bool counted)
{
	struct thread *thread = thread_self;
	rtree_contents_t contents;
	size_t offset;

	if (cache_is_as_before(ptr, &offset) &&
	    (counted ? cache_put_counted(thread->recent.cache, ptr) :
		       cache_put_as_before(ptr, offset)))
		return true;
	if (likely(look_up_again(thread, ptr, &contents)) &&
	    likely(is_cacheable(&contents))) {
		struct heap *heap = heap_of(&contents);
		struct cache *cache = heap == NULL ? NULL :
						     thread->cache[heap->id];
		unsigned number = contents.metadata.szind + 1;

		if (likely(cache != NULL) && likely(put(cache, number, ptr))) {
			/* For blocks whose home is another by now. */
			cache_remember(thread, cache);
			home_learn(heap->id, ptr);
			if (counted)
				cache_count_put(cache, number, ptr);
			return true;
		}
	}
	return free_slowly(ptr, counted);
}

/* The same, and a sentence where there is no block. */
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

/* Each begins with what needs no stack frame. CACHE is that of the quick path,
 * which did not free the block, or NULL. */
static bool __attribute__((noinline))
free_marked_or_explain(struct cache *cache, void *ptr)
{
	return likely(free_marked(cache, ptr, false)) || free_or_explain(ptr);
}

static bool __attribute__((noinline))
free_marked_quietly(struct cache *cache, void *ptr)
{
	return likely(free_marked(cache, ptr, false)) || free_quietly(ptr);
}

static bool __attribute__((noinline)) free_counted(void *ptr)
{
	return free_unindexed(ptr, true);
}

static bool __attribute__((noinline))
free_marked_counted(struct cache *cache, void *ptr)
{
	return likely(free_marked(cache, ptr, true)) || free_counted(ptr);
}

bool
heap_free(unsigned id, void *ptr)
{
	struct cache *cache = thread_self->cache[id];

	return (likely(cache != NULL) &&
		   likely(cache_put_indexed(cache, ptr))) ||
	    free_marked_or_explain(cache, ptr);
}

bool
heap_free_any(void *ptr)
{
	struct cache *cache = thread_self->cache[home_of(ptr)];

	return (likely(cache != NULL) &&
		   likely(cache_put_indexed(cache, ptr))) ||
	    free_marked_or_explain(cache, ptr);
}

bool
heap_free_if_any(void *ptr)
{
	struct cache *cache = thread_self->cache[home_of(ptr)];

	return (likely(cache != NULL) &&
		   likely(cache_put_indexed(cache, ptr))) ||
	    free_marked_quietly(cache, ptr);
}

bool
heap_free_counted(void *ptr)
{
	struct cache *cache = thread_self->cache[home_of(ptr)];

	return (likely(cache != NULL) &&
		   likely(cache_put_counted(cache, ptr))) ||
	    free_marked_counted(cache, ptr);
}
