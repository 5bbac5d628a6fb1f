/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * allocate.c - see allocate.h: the way to a block, or to NULL.
 *
 * Before NULL the heap's caches are emptied, extents that wait go back to the
 * source and coalesce, and the allocation is tried once more. What was freed
 * can so be had again, in any size, by any thread.
 *
 * Owns nothing but what is in struct heap.
 */
#include "arena/slot.h"

#include "arena/allocate.h"
#include "arena/arenas.h"
#include "arena/bin.h"
#include "arena/cache.h"
#include "arena/decay.h"
#include "arena/heap.h"
#include "arena/page_bin_index.h"
#include "arena/thread.h"

/* Of what caches hold, or may hold: so much more handed out empties them. */
#define BULKY_PART 4
/* From this size on pages that are there are given up for zero ones, which come
 * as they are touched. For smaller blocks that pays only where next to nothing
 * is touched: with each page a block of 256 KiB took 204 us and takes 6, one of
 * 4 MiB 2400 and takes 72. What is new is zero, of whatever size. */
#define ZERO_LAZILY (32 * MIB)

/* ---- Out of an arena ---------------------------------------------------- */

/*
 * Records of a source know where it begins, and memcheck takes that for a
 * pointer to the first block in it, whose leak would never be found: in a slab
 * the first is left unused.
 */
static void *
leave_first_unused(
    tsdn_t *tsdn, struct arena_slot *slot, void *ptr, size_t usable)
{
	void *other;

	if (!is_aligned((uintptr_t)ptr, PAGE_BYTES) || !sz_can_use_slab(usable))
		return ptr;
	other = arena_palloc(tsdn, slot->arena, usable, 1, false, true, NULL);
	return other != NULL ? other : ptr;
}

void
heap_clear(struct heap *heap, void *ptr, size_t bytes)
{
	if (bytes >= ZERO_LAZILY)
		source_zero(heap->source, ptr, align_up(bytes, PAGE_BYTES));
	else
		__builtin_memset(ptr, 0, bytes);
}

/* Of a block that an arena had cached nothing is known: its pages are given up
 * where that makes it zero. One that is new is zero. */
static void
make_zero(struct heap *heap, void *ptr, size_t usable)
{
	edata_t *edata = emap_edata_lookup(
	    tsd_tsdn(tsd_fetch()), &arena_emap_global, ptr);

	if (!edata_zeroed_get(edata))
		source_zero(heap->source, ptr, usable);
}

static void *
allocate_once(struct heap *heap, size_t usable, size_t alignment, bool zero)
{
	struct arena_slot *slot;
	bool lazily = zero && usable >= ZERO_LAZILY &&
	    source_zeroes_lazily(heap->source);
	tsdn_t *tsdn;
	void *ptr;

	slot = arenas_enter(heap, thread_here()->ordinal);
	if (slot == NULL)
		return NULL;
	tsdn = tsd_tsdn(tsd_fetch());
	ptr = arena_palloc(tsdn, slot->arena, usable, alignment,
	    zero && !lazily, sz_can_use_slab(usable), NULL);
	if (unlikely(annotate_is_on()) && ptr != NULL && alignment < PAGE_BYTES)
		ptr = leave_first_unused(tsdn, slot, ptr, usable);
	if (ptr != NULL && lazily)
		make_zero(heap, ptr, usable);
	if (ptr != NULL) {
		atomic_fetch_add(&slot->requests, 1);
		page_bin_enter_one(ptr, usable);
	}
	slot_leave(slot);
	return ptr;
}

/* ---- The memory of a failure -------------------------------------------- */

/*
 * A full heap in which nothing changed since the last failure says NULL at
 * once: it remembers the size that failed, and the epoch in which it did. The
 * epoch is the sum of counters that only go up, so if it is what it was, none
 * of them changed meanwhile.
 */
uint64_t
heap_epoch(struct heap *heap)
{
	uint64_t epoch = atomic_load(&heap->cache_epoch) +
	    source_freed(heap->source);

	for (unsigned i = 0; i < atomic_load(&heap->arena_count); i++)
		epoch += atomic_load(&heap->slot[i]->epoch);
	return epoch;
}

/*
 * Two words, read without a lock: that they are of one failure. Writers take
 * turns, and set the size to SIZE_MAX, which no request reaches, before they
 * change the epoch (remember_full()). The reader looks at the size before and
 * after it looks at the epoch. If the second look finds the size of the same
 * failure, all is well. If a writer was between, it finds SIZE_MAX, and the
 * heap is tried; or the writer is done, and it finds the size of a later
 * failure, in an epoch that is no older, since an older one is not remembered:
 * this request might have failed as that one did, while it was here.
 *
 * Most heaps never failed: the first look at the size saves them the sum.
 */
static bool
is_known_full(struct heap *heap, size_t usable)
{
	if (likely(usable < atomic_load(&heap->full_size)))
		return false;
	return atomic_load(&heap->full_epoch) == heap_epoch(heap) &&
	    usable >= atomic_load(&heap->full_size);
}

/* EPOCH was read before the heap was tried. In one epoch the smallest size that
 * failed counts. */
static void
remember_full(struct heap *heap, uint64_t epoch, size_t usable)
{
	lock_take(&heap->lock);
	if (atomic_load(&heap->full_epoch) == epoch)
		usable = min_size(usable, atomic_load(&heap->full_size));
	if (atomic_load(&heap->full_epoch) <= epoch) {
		atomic_store(&heap->full_size, SIZE_MAX);
		atomic_store(&heap->full_epoch, epoch);
		atomic_store(&heap->full_size, usable);
	}
	lock_give(&heap->lock);
}

/* ---- Before NULL -------------------------------------------------------- */

/*
 * Whether so much of a bounded heap was handed out since its caches were last
 * emptied, this block included, that what lies in them, scattered, costs large
 * blocks their place: free blocks in the caches of idle threads do. After small
 * blocks had been freed by eight threads, blocks of 200,000 bytes filled 89 %
 * of what they filled before, and fill 98.6 %. What comes and goes does not
 * count, and to empty caches costs no more than what was handed out did.
 */
static bool
is_bulky(struct heap *heap, size_t usable)
{
	size_t max = atomic_load(&heap->quota_max);
	size_t quota, used, least;

	if (max == QUOTA_UNLIMITED || usable <= SC_SMALL_MAXCLASS)
		return false;
	used = source_spans(heap->source);
	least = atomic_load_explicit(&heap->spans_min, memory_order_relaxed);
	if (used < least)
		atomic_store_explicit(
		    &heap->spans_min, least = used, memory_order_relaxed);
	quota = atomic_load_explicit(&heap->quota_used, memory_order_relaxed);
	return quota != 0 &&
	    used - least + usable >= max_size(max, quota) / BULKY_PART;
}

/* Empties the caches and coalesces what is free, leaving it committed, before
 * it says NULL, and remembers that it did. What changes from the beginning on
 * counts, the emptying too, so the memory of it is good from the second NULL in
 * a row on. Not where the source did not say so: jemalloc lacked memory for its
 * records, and nothing in the heap changes when there is some again. */
static void *
allocate_last(struct heap *heap, size_t usable, size_t alignment, bool zero)
{
	uint64_t epoch = heap_epoch(heap);
	void *ptr;

	source_hold(heap->source);
	heap_drain(heap);
	hooks_found_no_room();
	ptr = allocate_once(heap, usable, alignment, zero);
	source_unhold(heap->source);
	if (ptr == NULL && alignment <= PAGE_BYTES && hooks_found_no_room())
		remember_full(heap, epoch, usable);
	return ptr;
}

/* Whether the heap hands anything out at all. One whose limit was lowered must
 * first give back what it has too much. */
static bool
is_open(struct heap *heap)
{
	if (source_refused(heap->source))
		return false;
	if (likely(!source_is_over_limit(heap->source)))
		return true;
	heap_trim(heap);
	return !source_is_over_limit(heap->source);
}

/* One that was freed and happens to lie as it should, as one that was allocated
 * so does; or is to be zero: to clear it costs less than pages that are new.
 * NULL: there is none. */
static void *
allocate_used(struct heap *heap, size_t usable, size_t alignment, bool zero)
{
	unsigned number = bin_of_usable(usable);
	struct cache *cache = number == 0 ? NULL : cache_of(heap);
	void *ptr = cache == NULL ?
	    NULL :
	    cache_take_aligned(cache, number, alignment);

	if (ptr != NULL && zero)
		heap_clear(heap, ptr, usable);
	return ptr;
}

void *
heap_allocate_directly(
    struct heap *heap, size_t size, size_t alignment, bool zero)
{
	size_t usable = usable_size_aligned(size, alignment);
	void *ptr;

	heaps_decay(true);
	if (usable == 0 || !is_open(heap))
		return NULL;
	if (alignment > PAGE_BYTES || zero) {
		ptr = allocate_used(heap, usable, alignment, zero);
		if (ptr != NULL)
			return ptr;
	}
	if (is_known_full(heap, usable))
		return NULL;
	if (heap->options.bounded)
		arenas_follow_use(heap);
	ptr = is_bulky(heap, usable) ?
	    NULL :
	    allocate_once(heap, usable, alignment, zero);
	if (ptr == NULL)
		ptr = allocate_last(heap, usable, alignment, zero);
	return ptr;
}

void *
heap_allocate_if_room(
    struct heap *heap, size_t size, size_t alignment, bool zero)
{
	size_t usable = usable_size_aligned(size, alignment);

	return usable == 0 || source_refused(heap->source) ||
		source_is_over_limit(heap->source) ?
	    NULL :
	    allocate_once(heap, usable, alignment, zero);
}

/* NULL: the cache cannot get a block. */
static void *
allocate_from_cache(struct heap *heap, size_t size)
{
	struct cache *cache = cache_follow(heap);
	unsigned number = cache_bin_in(heap, size);

	if (cache == NULL || number == 0)
		return NULL;
	if (size > CACHE_SIZE_MAX && heap->options.bounded)
		arenas_follow_use(heap);
	if (unlikely(is_bulky(heap, size)) && !cache_has(cache, number))
		heap_drain(heap);
	return cache_fill(cache, number);
}

void *
heap_allocate_cached(struct heap *heap, size_t size)
{
	void *ptr = size <= CACHE_LARGE_MAX && is_open(heap) ?
	    allocate_from_cache(heap, size) :
	    NULL;

	if (ptr == NULL)
		return heap_allocate_directly(heap, size, 1, false);
	heaps_decay(true);
	return ptr;
}
