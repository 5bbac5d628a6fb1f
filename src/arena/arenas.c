/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arenas.c - see arenas.h.
 */
#include "arena/arenas.h"

#include "arena/background.h"
#include "arena/bin.h"
#include "arena/purge.h"
#include "arena/sizeclass.h"
#include "arena/slot.h"
#include "arena/stats.h"

/* Threads that met in an arena so often make a heap want one more. */
#define CONTENTION 32

struct arena_slot *
arenas_enter(struct heap *heap, unsigned ordinal)
{
	unsigned count = atomic_load_explicit(
	    &heap->arena_count, memory_order_acquire);

	if (unlikely(count == 0)) {
		slots_add(heap, 0);
		count = atomic_load(&heap->arena_count);
		if (count == 0)
			return NULL;
	}
	struct arena_slot *slot = heap->slot[ordinal % count];
	if (slot_enter(slot) != 0 &&
	    atomic_fetch_add(&heap->contended, 1) % CONTENTION ==
		CONTENTION - 1)
		slots_add(heap, count);
	if (likely(slot_has_records(slot)))
		return slot;
	slot_leave(slot);
	return NULL;
}

void
arenas_got_back(struct heap *heap, struct arena_slot *slot)
{
	atomic_fetch_add(&slot->epoch, 1);
	heap_note_waiting(heap);
}

/* ---- Blocks in bulk ----------------------------------------------------- */

/* jemalloc fills a thread cache from its end: the lowest address, which is to
 * be handed out first, comes first. */
static void
turn_round(void **block, unsigned count)
{
	for (unsigned i = 0; i < count / 2; i++) {
		void *other = block[count - 1 - i];

		block[count - 1 - i] = block[i];
		block[i] = other;
	}
}

static unsigned
fetch_small(arena_t *arena, unsigned number, void **block, unsigned count)
{
	cache_bin_sz_t n = (cache_bin_sz_t)count;
	cache_bin_ptr_array_t array = { n, block };
	unsigned got = arena_ptr_array_fill_small(tsd_tsdn(tsd_fetch()), arena,
	    number - 1, &array, n, n, (cache_bin_stats_t){ 0 });

	turn_round(block, got);
	return got;
}

/* One: each is an extent of its own. */
static unsigned
fetch_large(arena_t *arena, unsigned number, void **block)
{
	block[0] = large_malloc(
	    tsd_tsdn(tsd_fetch()), arena, cache_bin_size[number], false);
	return block[0] != NULL;
}

unsigned
blocks_fetch(struct heap *heap, unsigned ordinal, unsigned number, void **block,
    unsigned count)
{
	struct arena_slot *slot = arenas_enter(heap, ordinal);
	unsigned got;

	if (slot == NULL)
		return 0;
	got = bin_is_small(number) ?
	    fetch_small(slot->arena, number, block, count) :
	    fetch_large(slot->arena, number, block);
	slot_leave(slot);
	return got;
}

/* The blocks may be of several arenas: to be inside one keeps a fork away from
 * all. */
void
blocks_return(struct heap *heap, unsigned ordinal, unsigned number,
    void **block, unsigned count)
{
	cache_bin_ptr_array_t array = { (cache_bin_sz_t)count, block };
	struct arena_slot
	    *slot = heap->slot[ordinal % atomic_load(&heap->arena_count)];

	slot_enter(slot);
	arena_ptr_array_flush(tsd_fetch(), number - 1, &array, count,
	    bin_is_small(number), slot->arena, (cache_bin_stats_t){ 0 });
	slot_leave(slot);
	arenas_got_back(heap, slot);
}

/* ---- What is free ------------------------------------------------------- */

/*
 * A heap becomes tight when more than half of it is used, and is tight until
 * less than a quarter is. To change over costs a look at every arena, and the
 * purge of all that waits there; a program whose use goes up and down around
 * one bound would pay for that again and again. Between two bounds it must free
 * or allocate a quarter of the kind each time.
 *
 * Without regard to how full it is, a pool of 14 MiB had room for 13 blocks of
 * 1 MiB: free space lay in pieces, in several arenas.
 *
 * When two threads decide differently at once, an arena may go the old way
 * until the next change.
 */
void
arenas_follow_use(struct heap *heap)
{
	size_t part = atomic_load(&heap->quota_max); /* by QUOTA_PART */
	bool was_tight = atomic_load(&heap->tight);
	bool tight = source_used(heap->source) / QUOTA_PART >
	    part / (was_tight ? 4 : 2);

	if (likely(tight == was_tight))
		return;
	atomic_store(&heap->tight, tight);
	for (unsigned i = 0; i < atomic_load(&heap->arena_count); i++) {
		slot_enter(heap->slot[i]);
		slot_set_decay(heap->slot[i], heap);
		slot_leave(heap->slot[i]);
	}
}

void
arenas_purge(struct heap *heap)
{
	unsigned count = atomic_load(&heap->arena_count);

	for (unsigned i = 0; i < count; i++) {
		slot_enter(heap->slot[i]);
		purge(tsd_tsdn(tsd_fetch()), heap->slot[i]->arena);
		slot_leave(heap->slot[i]);
	}
}

bool
arenas_decay(struct heap *heap)
{
	unsigned count = atomic_load(&heap->arena_count);
	bool more = false;

	for (unsigned i = 0; i < count; i++) {
		arena_t *arena = heap->slot[i]->arena;

		slot_enter(heap->slot[i]);
		arena_decay(tsd_tsdn(tsd_fetch()), arena, false, false);
		more |= arena_decay_ms_get(arena, extent_state_dirty) >= 0 &&
		    purge_is_due(tsd_tsdn(tsd_fetch()), arena);
		slot_leave(heap->slot[i]);
	}
	return more;
}

void
arenas_count(struct heap *heap, struct stats_total *total)
{
	unsigned count = atomic_load(&heap->arena_count);

	for (unsigned i = 0; i < count; i++)
		stats_add_total(total, heap->slot[i]->arena);
}
