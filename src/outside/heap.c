/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * heap.c - see heap.h.
 *
 * Lists are followed as far as they can be long, and every pointer is read
 * through the kernel, so that whatever is there leads to an answer.
 */
#include "outside/heap.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/grow.h"

#define CACHES_MAX (1 << 16)
#define INHERITED_MAX 64

static uint32_t
get_small(const void *record, uint32_t offset)
{
	uint32_t value;

	memcpy(&value, (const char *)record + offset, sizeof(value));
	return value;
}

/* ---- Caches -------------------------------------------------------------- */

/* The fast path changes the head of a bin alone, by one store; everything else
 * is changed between two changes of the cache's count of changes, which the
 * caller compares. */
static bool
add_bins(const struct engine *engine, const char *cache,
    struct heap_numbers *numbers)
{
	const struct layout_arena *at = &engine->arena;

	for (uint32_t i = 0; i < at->bins; i++) {
		const char *bin = cache + at->cache_bin + i * at->bin_bytes;
		uint64_t head = word_in(bin, at->bin_head);
		uint64_t block = word_in(bin, at->bin_block);
		uint64_t count = (head - block) / sizeof(uint64_t);

		if (head < block || head > word_in(bin, at->bin_limit) ||
		    count > UINT16_MAX)
			return false;
		numbers->cached += count * engine->bin_size[i];
		numbers->blocks -= count;
		numbers->requests += word_in(cache,
					 at->cache_requests +
					     i * sizeof(uint64_t)) -
		    (uint64_t)(int64_t)(int32_t)get_small(
			bin, at->bin_countdown);
	}
	return true;
}

/* The number of the cache, and how often it was changed. */
static bool
read_met(const struct remote *remote, const struct engine *engine,
    uint64_t address, struct met *met)
{
	const struct layout_arena *at = &engine->arena;

	met->address = address;
	return remote_read(remote, address + at->cache_changes, &met->changes,
		   sizeof(met->changes)) &&
	    remote_read(remote, address + at->cache_serial, &met->serial,
		sizeof(met->serial)) &&
	    met->serial != 0 && met->changes % 2 == 0;
}

static bool
remember(struct mets *mets, const struct met *met)
{
	struct met *list = list_grow(
	    mets->met, mets->count, &mets->room, sizeof(*list));

	if (list == NULL)
		return false;
	mets->met = list;
	mets->met[mets->count++] = *met;
	return true;
}

/* The serial comes last: if it is that from before, all of it was this
 * cache's. Sets *NEXT. */
static bool
read_cache(const struct remote *remote, const struct engine *engine,
    uint64_t heap, const struct met *met, uint64_t *next,
    struct heap_numbers *numbers)
{
	char record[ENGINE_RECORD];
	struct met after;

	if (!remote_read(
		remote, met->address, record, engine->arena.cache_bytes) ||
	    !read_met(remote, engine, met->address, &after) ||
	    after.serial != met->serial || after.changes != met->changes ||
	    word_in(record, engine->arena.cache_heap) != heap)
		return false;
	*next = word_in(record, engine->arena.cache_next);
	return add_bins(engine, record, numbers);
}

static bool
first_cache(const struct remote *remote, const struct engine *engine,
    uint64_t heap, uint64_t *first)
{
	return remote_read(
	    remote, heap + engine->arena.heap_caches, first, sizeof(*first));
}

static bool
read_caches(const struct remote *remote, const struct engine *engine,
    uint64_t heap, struct mets *mets, struct heap_numbers *numbers)
{
	struct met met;
	uint64_t next;

	mets->count = 0;
	if (!first_cache(remote, engine, heap, &next))
		return false;
	while (next != 0) {
		if (mets->count == CACHES_MAX ||
		    !read_met(remote, engine, next, &met) ||
		    !remember(mets, &met) ||
		    !read_cache(remote, engine, heap, &met, &next, numbers))
			return false;
	}
	return true;
}

/* The free blocks that are on their way from one cache to another. */
struct depot {
	uint64_t bytes, blocks;
};

static bool
read_depot(const struct remote *remote, const struct engine *engine,
    uint64_t heap, struct depot *depot)
{
	const struct layout_arena *at = &engine->arena;

	return remote_read(remote, heap + at->heap_depot_bytes, &depot->bytes,
		   sizeof(depot->bytes)) &&
	    remote_read(remote, heap + at->heap_depot_blocks, &depot->blocks,
		sizeof(depot->blocks));
}

/* Whether the heap has the caches that were met, and no others. */
static enum reading
compare_caches(const struct remote *remote, const struct engine *engine,
    uint64_t heap, const struct mets *mets)
{
	enum reading reading = READ;
	struct met met;
	uint64_t next;

	if (!first_cache(remote, engine, heap, &next))
		return READ_AGAIN;
	for (size_t i = 0; i < mets->count; i++) {
		if (next != mets->met[i].address ||
		    !read_met(remote, engine, next, &met) ||
		    met.serial != mets->met[i].serial ||
		    !remote_read(remote, next + engine->arena.cache_next, &next,
			sizeof(next)))
			return READ_AGAIN;
		if (met.changes != mets->met[i].changes)
			reading = READ_MOVED;
	}
	return next == 0 ? reading : READ_AGAIN;
}

/* ---- Arenas -------------------------------------------------------------- */

static bool
add_small(const struct remote *remote, const struct engine *engine,
    uint64_t arena, struct heap_numbers *numbers)
{
	const struct layout_arena *at = &engine->arena;
	uint64_t count;

	for (uint32_t i = 0; i < at->smalls; i++) {
		if (!remote_read(remote,
			arena + engine->small_start[i] + at->arena_small +
			    at->small_current,
			&count, sizeof(count)))
			return false;
		numbers->blocks += count;
		numbers->live += count * engine->size[i];
	}
	return true;
}

static bool
add_large(const struct remote *remote, const struct engine *engine,
    uint64_t arena, struct heap_numbers *numbers)
{
	const struct layout_arena *at = &engine->arena;
	char *classes = malloc((size_t)at->larges * at->large_bytes);
	bool read = classes != NULL &&
	    remote_read(remote, arena + at->arena_large, classes,
		(size_t)at->larges * at->large_bytes);

	for (uint32_t i = 0; read && i < at->larges; i++) {
		const char *class = classes + (size_t)i * at->large_bytes;

		numbers->blocks += word_in(class, at->large_given) -
		    word_in(class, at->large_taken);
		numbers->live += word_in(class, at->large_active);
	}
	free(classes);
	return read;
}

/* A slot is the heap's as long as the heap is there, and an arena is never
 * unmapped. */
static bool
add_slot(const struct remote *remote, const struct engine *engine,
    uint64_t slot, struct heap_numbers *numbers)
{
	const struct layout_arena *at = &engine->arena;
	char record[ENGINE_RECORD];
	uint64_t arena, active;

	if (!remote_read(remote, slot, record, at->slot_bytes))
		return false;
	arena = word_in(record, at->slot_arena);
	numbers->requests += word_in(record, at->slot_requests);
	if (!remote_read(
		remote, arena + at->arena_active, &active, sizeof(active)))
		return false;
	numbers->active += active * at->page;
	return add_small(remote, engine, arena, numbers) &&
	    add_large(remote, engine, arena, numbers);
}

/* Of the heap and, in the child of a fork, of those that it inherited. */
static bool
add_arenas(const struct remote *remote, const struct engine *engine,
    uint64_t heap, struct heap_numbers *numbers)
{
	const struct layout_arena *at = &engine->arena;
	char record[ENGINE_RECORD];

	for (unsigned i = 0; heap != 0; i++) {
		uint32_t count;

		if (i == INHERITED_MAX ||
		    !remote_read(remote, heap, record, at->heap_bytes))
			return false;
		count = get_small(record, at->heap_arena_count);
		for (uint32_t k = 0; k < count; k++)
			if (k == at->heap_slot_max ||
			    !add_slot(remote, engine,
				word_in(record, at->heap_slot + k * 8),
				numbers))
				return false;
		if (i == 0)
			numbers->requests += word_in(record, at->heap_requests);
		heap = word_in(record, at->heap_inherited);
	}
	return true;
}

/* ---- All of it ----------------------------------------------------------- */

/* Caches first, as heap_stats() does. What moved meanwhile is counted twice or
 * not at all, so what would be below zero is zero. */
enum reading
heap_read(const struct remote *remote, const struct engine *engine,
    uint64_t address, struct mets *spare, struct heap_numbers *numbers)
{
	struct depot depot, after;
	enum reading reading;

	*numbers = (struct heap_numbers){ 0 };
	if (!read_depot(remote, engine, address, &depot) ||
	    !read_caches(remote, engine, address, spare, numbers) ||
	    !add_arenas(remote, engine, address, numbers))
		return READ_AGAIN;
	numbers->cached += depot.bytes;
	numbers->blocks -= depot.blocks;
	if ((int64_t)numbers->blocks < 0)
		numbers->blocks = 0;
	numbers->live -= min_size(numbers->live, numbers->cached);
	numbers->requests = max_size(numbers->requests, numbers->blocks);
	reading = compare_caches(remote, engine, address, spare);
	if (!read_depot(remote, engine, address, &after))
		return READ_AGAIN;
	return reading == READ && memcmp(&depot, &after, sizeof(depot)) != 0 ?
	    READ_MOVED :
	    reading;
}
