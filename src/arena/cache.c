/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cache.c - the slow sides of a cache, and all caches of a heap. See cache.h.
 *
 * Owns the table of home.h. Called without a lock; takes heap->lock where it
 * waits for who revoked a cache, or revokes them.
 */
#include "arena/cache.h"

#include "arena/arenas.h"
#include "arena/background.h"
#include "arena/depot.h"
#include "arena/home.h"
#include "arena/page_bin_index.h"
#include "arena/recording.h"
#include "arena/sample.h"
#include "os/os.h"

_Atomic uint16_t heap_homes[HOMES];

/* In a heap that has a thread look after it: a cache may hold small blocks from
 * now on. */
static void
keep_small(struct heap *heap)
{
	if (atomic_load(&heap->keeps_small))
		return;
	atomic_store(&heap->small_aged_ms, os_now_ms());
	atomic_store(&heap->keeps_small, true);
	background_ring();
}

/* A bin that had no room and gets some counts as a change in what is free, from
 * now on: what is freed into it later goes unnoticed, and a full heap must not
 * take itself for full still. */
static void
note_new_room(struct heap *heap)
{
	atomic_fetch_add(&heap->cache_epoch, 1);
	if (unlikely(heap->background))
		keep_small(heap);
}

/* Has the cache know another segment, in which more of the heap's blocks are
 * likely to lie. What thread->recent copied of the old one is void. */
static void
change_segment(struct cache *cache, struct source_marks page_bins)
{
	cache->page_bins = page_bins;
	if (cache->thread->recent.cache == cache)
		atomic_store_explicit(
		    &cache->thread->recent.bytes, 0, memory_order_relaxed);
}

/* Enters the blocks of a bin, which were just fetched, in the page bin index:
 * those of one page once. The cache goes over to their segment if it is larger
 * than its own. */
static void
enter_blocks(struct cache *cache, unsigned number)
{
	struct bin *bin = &cache->bin[number];
	size_t size = cache_bin_size[number];
	struct source_marks page_bins = cache->page_bins;
	uintptr_t page = 0;

	for (unsigned i = 0; i < bin_count(bin); i++) {
		if (align_down((uintptr_t)bin->block[i], PAGE_BYTES) == page)
			continue;
		page = align_down((uintptr_t)bin->block[i], PAGE_BYTES);
		page_bins = page_bin_enter(
		    page_bins, bin->block[i], size, number);
		home_learn(cache->heap->id, bin->block[i]);
	}
	if (page_bins.bytes > cache->page_bins.bytes)
		change_segment(cache, page_bins);
}

static void
set_countdown(struct cache *cache, unsigned number, int32_t blocks)
{
	struct bin *bin = &cache->bin[number];

	cache->requests[number] += (uint64_t)(int64_t)(blocks - bin->countdown);
	bin->countdown = blocks;
}

/* Lets the thread take HOUSEKEEPING_INTERVAL blocks until it looks around. */
static void
restart_countdown(struct cache *cache, unsigned number)
{
	set_countdown(cache, number, HOUSEKEEPING_INTERVAL);
	cache->chosen[number] = 0;
}

/* The same while somebody listens to blocks, or the heap is recorded: whether
 * the countdown has ended with one that is chosen, and with which it ends next.
 * A countdown that has not ended goes on, as it was drawn which block is
 * chosen. */
static void __attribute__((noinline))
sample_countdown(struct cache *cache, unsigned number)
{
	bool is_recorded = heap_is_recorded(cache->heap), chosen = true;
	unsigned lg_mean = SAMPLE_LG_MEAN;
	struct thread *thread = cache->thread;
	int32_t blocks = 1;

	thread->sample = SAMPLE_NOT_CHOSEN;
	if (cache->bin[number].countdown > 0)
		return;
	if (cache->chosen[number] != 0) {
		thread->sample = SAMPLE_CHOSEN;
		thread->sample_lg_mean = cache->chosen[number];
		thread->sample_bin = (uint8_t)number;
	}
	if (is_recorded)
		lg_mean = atomic_load_explicit(
		    &heap_recorder->lg_mean, memory_order_relaxed);
	if (is_recorded && recording_wants_all(cache_bin_size[number]))
		lg_mean = SAMPLE_LG_ALL;
	else
		blocks = sample_distance(
		    thread, cache_bin_size[number], lg_mean, &chosen);
	set_countdown(cache, number, blocks);
	cache->chosen[number] = chosen ? (uint8_t)lg_mean : 0;
}

static void
begin_countdown(struct cache *cache, unsigned number)
{
	if (heap_is_recorded(cache->heap))
		recording_tell(cache, number);
	if (sample_is_on() || heap_is_recorded(cache->heap))
		sample_countdown(cache, number);
	else
		restart_countdown(cache, number);
}

/* Blocks out of the depot are in the page bin index. The cache goes over to the
 * segment of the first, if that is larger than its own. */
static void
know_segment(struct cache *cache, const void *ptr)
{
	struct source_marks page_bins;

	if ((uintptr_t)ptr - cache->page_bins.base < cache->page_bins.bytes)
		return;
	page_bins = source_marks_of(ptr);
	if (page_bins.bytes > cache->page_bins.bytes)
		change_segment(cache, page_bins);
}

/* The block that comes next out of the bin, which has one. Where each is chosen
 * the recorder counts it. */
static void
count_down(struct cache *cache, unsigned number)
{
	const struct thread *thread = cache->thread;

	cache->bin[number].countdown--;
	if (thread->sample == SAMPLE_CHOSEN &&
	    thread->sample_lg_mean == SAMPLE_LG_ALL)
		cache->told[number]++;
}

/* Half of the room, so that the thread can free as much as it allocates. */
static void
fetch(struct cache *cache, unsigned number)
{
	struct bin *bin = &cache->bin[number];
	unsigned count = (bin_room(bin) + 1) / 2;
	unsigned got = depot_take(cache->heap, number, bin->block, count);

	if (got != 0) {
		bin->head += got;
		know_segment(cache, bin->block[0]);
		return;
	}
	bin->head += blocks_fetch(
	    cache->heap, cache->ordinal, number, bin->block, count);
	enter_blocks(cache, number);
}

void
cache_mark_in_use(unsigned number, void *ptr)
{
	unsigned char *entry = page_bin_of(ptr);

	if (entry != NULL)
		__atomic_store_n(
		    entry, page_bin_in_use(number), __ATOMIC_RELAXED);
}

/* PTR, which may be NULL, as the program gets it. */
static void *
handed_out(struct cache *cache, unsigned number, void *ptr)
{
	return ptr != NULL && number >= BIN_LARGE ?
	    cache_hand_out(cache, number, ptr) :
	    ptr;
}

void *
cache_fill(struct cache *cache, unsigned number)
{
	struct bin *bin = &cache->bin[number];
	bool had_room;
	void *ptr = NULL;

	cache_enter_patiently(cache);
	cache_change_begin(cache);
	had_room = bin_room(bin) != 0;
	begin_countdown(cache, number);
	if (bin_count(bin) == 0 && (bin_grow(cache, number) || had_room))
		fetch(cache, number);
	if (bin_count(bin) != 0) {
		count_down(cache, number);
		ptr = *--bin->head;
		if (!had_room)
			note_new_room(cache->heap);
	} else {
		cache->thread->sample = SAMPLE_BY_SIZE;
		if (!had_room)
			bin_close(cache, number);
	}
	cache_change_end(cache);
	cache_leave_and_wake(cache);
	return handed_out(cache, number, ptr);
}

/* The block on top takes the place of the one that goes. */
void *
cache_take_aligned(struct cache *cache, unsigned number, size_t alignment)
{
	struct bin *bin = &cache->bin[number];
	void **at, *ptr = NULL;

	cache_enter_patiently(cache);
	cache_change_begin(cache);
	at = bin->head;
	while (at != bin->block && !is_aligned((uintptr_t)at[-1], alignment))
		at--;
	if (at != bin->block) {
		ptr = at[-1];
		at[-1] = *--bin->head;
		/* As in cache_fill(): of some bins every block is recorded. */
		if (bin->countdown == 0 || heap_is_recorded(cache->heap))
			begin_countdown(cache, number);
		count_down(cache, number);
	}
	cache_change_end(cache);
	cache_leave(cache);
	return handed_out(cache, number, ptr);
}

bool
cache_has(struct cache *cache, unsigned number)
{
	bool has;

	cache_enter_patiently(cache);
	has = bin_count(&cache->bin[number]) != 0;
	cache_leave(cache);
	return has;
}

bool
cache_flush(struct cache *cache, unsigned number, void *ptr)
{
	struct bin *bin = &cache->bin[number];
	bool done = false;

	cache_enter_patiently(cache);
	cache_change_begin(cache);
	if (bin_room(bin) == 0)
		note_new_room(cache->heap);
	if (bin->head == bin->limit && !bin_grow(cache, number))
		bin_pass_on(cache, number, (bin_count(bin) + 1) / 2);
	if (bin->head != bin->limit) {
		*bin->head++ = ptr;
		done = true;
	}
	cache_change_end(cache);
	cache_leave_and_wake(cache);
	return done;
}

/* ---- All caches of a heap ----------------------------------------------- */

void
caches_drain(struct heap *heap)
{
	caches_revoke(heap);
	for (struct cache *c = heap->caches; c != NULL; c = c->heap_next)
		cache_empty(c);
	depot_empty(heap);
	caches_restore(heap);
}

/* Closes the bins from FIRST to END - 1 out of which no block was taken since
 * the last time; returns whether one is left open. */
static bool
age(struct cache *cache, unsigned first, unsigned end)
{
	bool left = false;

	cache_change_begin(cache);
	for (unsigned i = first; i < end; i++) {
		if (bin_room(&cache->bin[i]) == 0)
			continue;
		if (bin_was_idle(cache, i)) {
			bin_return(cache, i, bin_count(&cache->bin[i]));
			bin_close(cache, i);
		} else {
			left = true;
		}
	}
	cache_change_end(cache);
	return left;
}

/*
 * The same for all caches. KEEPS is the heap's word that there are such bins.
 *
 * Nobody's word that there are some again is lost. It is taken back before the
 * caches are revoked, so whoever gives it while he is inside one does that
 * before his cache is looked at, which finds his room and repeats it, or after
 * they are usable again, and then it stands.
 */
static bool
age_all(struct heap *heap, _Atomic bool *keeps, unsigned first, unsigned end)
{
	bool left = false;

	atomic_store(keeps, false);
	caches_revoke(heap);
	for (struct cache *c = heap->caches; c != NULL; c = c->heap_next)
		left |= age(c, first, end);
	caches_restore(heap);
	if (left)
		atomic_store(keeps, true);
	return left;
}

/* Small blocks stay, but for kinds that have a thread look after them: what
 * idle caches have of them is little, and comes back where it is missed
 * (allocate.c). */
static bool
age_large(struct heap *heap)
{
	return age_all(heap, &heap->keeps_large, BIN_LARGE, CACHE_BINS);
}

void
caches_age_small(struct heap *heap)
{
	atomic_store(&heap->small_aged_ms, os_now_ms());
	age_all(heap, &heap->keeps_small, 1, BIN_LARGE);
}

bool
caches_age(struct heap *heap)
{
	uint64_t now = os_now_ms();
	bool has_large = atomic_load(&heap->keeps_large), left = false;

	if (!has_large && atomic_load(&heap->depot_bytes) == 0)
		return false;
	if (now - atomic_load(&heap->aged_ms) < CACHE_AGE_MS)
		return true;
	atomic_store(&heap->aged_ms, now);
	if (has_large)
		left = age_large(heap);
	return depot_age(heap) || left;
}

static void
add_cache(struct cache_count *count, const struct cache *cache)
{
	for (unsigned i = 0; i < CACHE_BINS; i++) {
		size_t blocks = bin_count(&cache->bin[i]);

		count->blocks += blocks;
		count->bytes += blocks * cache_bin_size[i];
		count->requests += bin_requests(cache, i);
	}
}

struct cache_count
caches_count(struct heap *heap)
{
	struct cache_count count = { 0, 0, 0 };

	caches_revoke(heap);
	for (struct cache *c = heap->caches; c != NULL; c = c->heap_next)
		add_cache(&count, c);
	count.blocks += atomic_load(&heap->depot_blocks);
	count.bytes += atomic_load(&heap->depot_bytes);
	caches_restore(heap);
	return count;
}
