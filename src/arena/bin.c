/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bin.c - see bin.h.
 */
#include "arena/bin.h"

#include <string.h>

#include "arena/arenas.h"
#include "arena/background.h"
#include "arena/depot.h"
#include "arena/sizeclass.h"
#include "os/records.h"

/* A bin has room for 64 KiB of blocks, within these bounds. */
#define BIN_BYTES (64 * KIB)
#define BIN_BLOCKS_MIN 8
#define BIN_BLOCKS_MAX 128

/* One of blocks above CACHE_SIZE_MAX has room for 1 MiB, at most 8, and all of
 * these together for so much. */
#define BIN_LARGE_BYTES (1 * MIB)
#define LARGE_BYTES (4 * MIB)

/* So many bins at once are looked at for being idle. */
#define IDLE_STEPS 8

/* ---- Room --------------------------------------------------------------- */

/* The part of what BLOCKS of a bin take that counts as large. */
static size_t
large_bytes(unsigned number, unsigned blocks)
{
	return number < BIN_LARGE ? 0 : blocks * (size_t)cache_bin_size[number];
}

/* Takes room for so many BLOCKS for the cache, if that leaves all sums in
 * bounds. */
static bool
room_take(struct cache *cache, unsigned number, unsigned blocks)
{
	size_t bytes = blocks * (size_t)cache_bin_size[number];

	if (cache->large + large_bytes(number, blocks) > LARGE_BYTES ||
	    !quota_take(cache->heap, cache->quota, bytes))
		return false;
	cache->quota += bytes;
	cache->large += large_bytes(number, blocks);
	return true;
}

static void
room_give_back(struct cache *cache, unsigned number, unsigned blocks)
{
	size_t bytes = blocks * (size_t)cache_bin_size[number];

	quota_give_back(cache->heap, bytes);
	cache->quota -= bytes;
	cache->large -= large_bytes(number, blocks);
}

/* ---- Stacks ------------------------------------------------------------- */

static unsigned
blocks_max(unsigned number)
{
	size_t size = cache_bin_size[number];

	return (unsigned)(number >= BIN_LARGE ?
		min_size(BIN_LARGE_BYTES / size, BIN_BLOCKS_MIN) :
		min_size(max_size(BIN_BYTES / size, BIN_BLOCKS_MIN),
		    BIN_BLOCKS_MAX));
}

/* The first step of what then doubles. */
static unsigned
blocks_min(unsigned number)
{
	return number >= BIN_LARGE ? 1 : BIN_BLOCKS_MIN;
}

/* Memory for at least ROOM pointers, contents kept. */
static bool
bin_provide(struct bin *bin, unsigned room)
{
	void **block;

	if (bin->capacity >= room)
		return true;
	block = record_new(room * sizeof(void *));
	if (block == NULL)
		return false;
	if (bin_count(bin) != 0)
		memcpy(block, bin->block, bin_count(bin) * sizeof(void *));
	record_free(bin->block, bin->capacity * sizeof(void *));
	bin->head = block + bin_count(bin);
	bin->limit = block + bin_room(bin);
	bin->block = block;
	bin->capacity = (uint16_t)room;
	return true;
}

/* The rest moves down, so that the block freed last stays on top. */
static void
drop_first(struct bin *bin, unsigned count)
{
	bin->head -= count;
	memmove(
	    bin->block, bin->block + count, bin_count(bin) * sizeof(void *));
}

void
bin_return(struct cache *cache, unsigned number, unsigned count)
{
	struct bin *bin = &cache->bin[number];

	if (count == 0)
		return;
	blocks_return(cache->heap, cache->ordinal, number, bin->block, count);
	drop_first(bin, count);
}

void
bin_pass_on(struct cache *cache, unsigned number, unsigned count)
{
	struct bin *bin = &cache->bin[number];
	unsigned taken;

	if (count == 0)
		return;
	taken = depot_put(cache->heap, number, bin->block, count);
	drop_first(bin, taken);
	bin_return(cache, number, count - taken);
}

void
bin_close(struct cache *cache, unsigned number)
{
	struct bin *bin = &cache->bin[number];

	room_give_back(cache, number, bin_room(bin));
	bin->limit = bin->block;
}

bool
bin_was_idle(struct cache *cache, unsigned number)
{
	uint16_t requests = (uint16_t)bin_requests(cache, number);
	bool idle = cache->seen[number] == requests;

	cache->seen[number] = requests;
	return idle;
}

/* Closes a bin from which nothing was taken since the last time round, in
 * favour of WANTED: each call looks at a few. */
static bool
close_idle_bin(struct cache *cache, unsigned wanted)
{
	for (unsigned i = 0; i < IDLE_STEPS; i++) {
		unsigned number = cache->idle_next;
		struct bin *bin = &cache->bin[number];

		cache->idle_next = (uint8_t)((number + 1) % CACHE_BINS);
		if (bin_room(bin) == 0 || number == wanted ||
		    !bin_was_idle(cache, number))
			continue;
		bin_pass_on(cache, number, bin_count(bin));
		bin_close(cache, number);
		return true;
	}
	return false;
}

/* Takes quota for up to MORE blocks of a bin; returns for how many. */
static unsigned
take_room(struct cache *cache, unsigned number, unsigned more)
{
	while (more != 0 && !room_take(cache, number, more))
		more /= 2;
	if (more == 0 && close_idle_bin(cache, number) &&
	    room_take(cache, number, 1))
		more = 1;
	return more;
}

/* In this order: who gives back looks at decay_waits first. */
static void
heap_keeps_large(struct heap *heap)
{
	atomic_store(&heap->keeps_large, true);
	heap_note_waiting(heap);
}

bool
bin_grow(struct cache *cache, unsigned number)
{
	struct bin *bin = &cache->bin[number];
	unsigned max = blocks_max(number);
	unsigned room = bin_room(bin);
	unsigned more = room == 0 ? blocks_min(number) : room;

	if (room >= max || cache_bin_size[number] > cache->heap->options.cached)
		return false;
	more = take_room(cache, number, (unsigned)min_size(more, max - room));
	/* What others may want later gives way to what is wanted now. */
	if (more == 0 && room == 0 &&
	    atomic_load(&cache->heap->depot_bytes) != 0) {
		depot_empty(cache->heap);
		more = take_room(cache, number, 1);
	}
	if (more == 0)
		return false;
	if (!bin_provide(bin, room + more)) {
		room_give_back(cache, number, more);
		return false;
	}
	bin->limit = bin->block + room + more;
	if (number >= BIN_LARGE)
		heap_keeps_large(cache->heap);
	return true;
}

void
cache_empty(struct cache *cache)
{
	cache_change_begin(cache);
	for (unsigned i = 0; i < CACHE_BINS; i++) {
		struct bin *bin = &cache->bin[i];

		bin_pass_on(cache, i, bin_count(bin));
		if (bin_room(bin) != 0)
			bin_close(cache, i);
	}
	cache_change_end(cache);
}
