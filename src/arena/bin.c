/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bin.c - see bin.h.
 */
#include "arena/bin.h"

#include <string.h>

#include "arena/arenas.h"
#include "arena/sizeclass.h"
#include "os/records.h"

/* A bin has room for 64 KiB of blocks, within these bounds. */
#define BIN_BYTES (64 * KIB)
#define BIN_BLOCKS_MIN 8
#define BIN_BLOCKS_MAX 128

/* So many bins at once are looked at for being idle. */
#define IDLE_STEPS 8

/* One cache takes at most this part of the quota, or as much as it leaves for
 * others: a thread that is alone may have half of it. */
#define QUOTA_SHARE 8

/* ---- Quota -------------------------------------------------------------- */

/* Takes BYTES for the cache, if that leaves all of them in bounds. */
static bool
quota_take(struct cache *cache, size_t bytes)
{
	struct heap *heap = cache->heap;
	size_t max = atomic_load(&heap->quota_max);
	size_t used = atomic_load(&heap->quota_used);

	do {
		if (used > max || bytes > max - used ||
		    cache->quota + bytes >
			max_size(max / QUOTA_SHARE, max - used))
			return false;
	} while (!atomic_compare_exchange_weak(
	    &heap->quota_used, &used, used + bytes));
	cache->quota += bytes;
	return true;
}

static void
quota_give_back(struct cache *cache, size_t bytes)
{
	atomic_fetch_sub(&cache->heap->quota_used, bytes);
	cache->quota -= bytes;
}

/* ---- Stacks ------------------------------------------------------------- */

static unsigned
blocks_max(unsigned number)
{
	size_t blocks = BIN_BYTES / cache_bin_size[number];

	return (unsigned)min_size(
	    max_size(blocks, BIN_BLOCKS_MIN), BIN_BLOCKS_MAX);
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
void
bin_return(struct cache *cache, unsigned number, unsigned count)
{
	struct bin *bin = &cache->bin[number];

	if (count == 0)
		return;
	blocks_return(cache->heap, cache->ordinal, number, bin->block, count);
	bin->head -= count;
	memmove(
	    bin->block, bin->block + count, bin_count(bin) * sizeof(void *));
}

void
bin_close(struct cache *cache, unsigned number)
{
	struct bin *bin = &cache->bin[number];

	quota_give_back(cache, bin_room(bin) * (size_t)cache_bin_size[number]);
	bin->limit = bin->block;
}

/* Closes a bin from which nothing was taken since the last time round, in
 * favour of WANTED: each call looks at a few. */
static bool
close_idle_bin(struct cache *cache, unsigned wanted)
{
	for (unsigned i = 0; i < IDLE_STEPS; i++) {
		unsigned number = cache->idle_next;
		struct bin *bin = &cache->bin[number];
		uint16_t requests = (uint16_t)bin_requests(cache, number);

		cache->idle_next = (uint8_t)((number + 1) % CACHE_BINS);
		if (bin_room(bin) == 0 || number == wanted)
			continue;
		if (cache->seen[number] == requests) {
			bin_return(cache, number, bin_count(bin));
			bin_close(cache, number);
			return true;
		}
		cache->seen[number] = requests;
	}
	return false;
}

/* Takes quota for up to MORE blocks of a bin; returns for how many. */
static unsigned
take_room(struct cache *cache, unsigned number, unsigned more)
{
	size_t bytes = cache_bin_size[number];

	while (more != 0 && !quota_take(cache, more * bytes))
		more /= 2;
	if (more == 0 && close_idle_bin(cache, number) &&
	    quota_take(cache, bytes))
		more = 1;
	return more;
}

bool
bin_grow(struct cache *cache, unsigned number)
{
	struct bin *bin = &cache->bin[number];
	unsigned max = blocks_max(number);
	unsigned room = bin_room(bin);
	unsigned more = room == 0 ? BIN_BLOCKS_MIN : room;

	if (room >= max || cache_bin_size[number] > cache->heap->options.cached)
		return false;
	more = take_room(cache, number, (unsigned)min_size(more, max - room));
	if (more == 0)
		return false;
	if (!bin_provide(bin, room + more)) {
		quota_give_back(cache, more * (size_t)cache_bin_size[number]);
		return false;
	}
	bin->limit = bin->block + room + more;
	return true;
}

void
cache_empty(struct cache *cache)
{
	for (unsigned i = 0; i < CACHE_BINS; i++) {
		struct bin *bin = &cache->bin[i];

		bin_return(cache, i, bin_count(bin));
		bin->limit = bin->block;
	}
	quota_give_back(cache, cache->quota);
}
