/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cache.c - the slow sides of a cache, and all caches of a heap. See cache.h.
 *
 * Owns nothing. Called without a lock; takes heap->lock where it waits for who
 * revoked a cache, or revokes them.
 */
#include "arena/cache.h"

#include "arena/arenas.h"
#include "arena/bin.h"
#include "arena/page_bin_index.h"

/* A bin that had no room and gets some counts as a change in what is free, from
 * now on: what is freed into it later goes unnoticed, and a full heap must not
 * take itself for full still. */
static void
note_new_room(struct heap *heap)
{
	atomic_fetch_add(&heap->cache_epoch, 1);
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
	}
	if (page_bins.bytes > cache->page_bins.bytes)
		change_segment(cache, page_bins);
}

/* Lets the thread take HOUSEKEEPING_INTERVAL blocks until it looks around. */
static void
restart_countdown(struct cache *cache, unsigned number)
{
	struct bin *bin = &cache->bin[number];

	cache->requests[number] += HOUSEKEEPING_INTERVAL - bin->countdown;
	bin->countdown = HOUSEKEEPING_INTERVAL;
}

/* Half of the room, so that the thread can free as much as it allocates. */
static void
fetch(struct cache *cache, unsigned number)
{
	struct bin *bin = &cache->bin[number];

	bin->head += blocks_fetch(cache->heap, cache->ordinal, number,
	    bin->block, (bin_room(bin) + 1) / 2);
	enter_blocks(cache, number);
}

void *
cache_fill(struct cache *cache, unsigned number)
{
	struct bin *bin = &cache->bin[number];
	bool had_room;
	void *ptr = NULL;

	cache_enter_patiently(cache);
	had_room = bin_room(bin) != 0;
	restart_countdown(cache, number);
	if (bin_count(bin) == 0 && (bin_grow(cache, number) || had_room))
		fetch(cache, number);
	if (bin_count(bin) != 0) {
		bin->countdown--;
		ptr = *--bin->head;
		if (!had_room)
			note_new_room(cache->heap);
	} else if (!had_room) {
		bin_close(cache, number);
	}
	cache_leave_and_wake(cache);
	return ptr;
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
	if (bin_room(bin) == 0)
		note_new_room(cache->heap);
	if (bin->head == bin->limit && !bin_grow(cache, number))
		bin_return(cache, number, (bin_count(bin) + 1) / 2);
	if (bin->head != bin->limit) {
		*bin->head++ = ptr;
		done = true;
	}
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
	caches_restore(heap);
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
	caches_restore(heap);
	return count;
}
