/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * slot.c - see slot.h.
 *
 * Owns the table of slots and the list of those that are free, under
 * slots_lock; and whether threads are kept out of the arenas, under stop_lock.
 */
#include "arena/slot.h"

#include "arena/purge.h"
#include "arena/stats.h"
#include "os/os.h"

/* What is left of jemalloc's arenas when every heap has one. */
#define ARENAS_EXTRA_MAX (MALLOCX_ARENA_LIMIT - 1 - HEAPS_MAX)

_Static_assert(HEAPS_MAX < MALLOCX_ARENA_LIMIT, "an arena for each heap");
_Static_assert(HEAPS_MAX < HEAP_IDS, "an id for each heap");

struct arena_slot arena_slots[MALLOCX_ARENA_LIMIT + 1];
_Atomic bool arenas_stopped;

static struct lock slots_lock = LOCK_INIT;
static struct arena_slot *free_slots;
static unsigned arenas_extra; /* beyond the first of each heap */

static struct lock stop_lock = LOCK_INIT;

/* ---- Who has which arena ------------------------------------------------ */

/* For valgrind each extent is a new one from the source. */
void
slot_set_decay(struct arena_slot *slot, const struct heap *heap)
{
	ssize_t wanted = heap->options.decay_given ?
	    (ssize_t)heap->options.decay_ms :
	    arena_dirty_decay_ms_default_get();
	tsdn_t *tsdn = tsdn_here();

	if (annotate_is_on() || atomic_load(&heap->tight))
		wanted = 0;
	if (arena_decay_ms_get(slot->arena, extent_state_dirty) != wanted)
		arena_decay_ms_set(
		    tsdn, slot->arena, extent_state_dirty, wanted);
}

/*
 * A slot with a new arena on SOURCE; NULL if jemalloc has no more, or no
 * memory.
 *
 * jemalloc counts an index as taken before it has the arena for it, so that
 * want of memory leaves an index without an arena. Another try at the next
 * index would lose one arena each time. Instead the index is remembered, and
 * the next try is at that: jemalloc makes an arena for any index below its
 * count that has none.
 */
static struct arena_slot *
slot_make(struct source *source)
{
	static unsigned without_arena;
	tsdn_t *tsdn = tsdn_here();
	unsigned index = without_arena != 0 ? without_arena :
					      narenas_total_get();
	arena_config_t config = { NULL, false };
	struct arena_slot *slot;

	if (index >= MALLOCX_ARENA_LIMIT)
		return NULL;
	slot = &arena_slots[index];
	hooked_source_init(&slot->hooked, source);
	config.extent_hooks = &slot->hooked.hooks;
	slot->arena = arena_init(tsdn, index, &config);
	without_arena = slot->arena == NULL ? index : 0;
	return slot->arena == NULL ? NULL : slot;
}

/* One that serves no heap; NULL as above. */
static struct arena_slot *
slot_take(struct source *source)
{
	struct arena_slot *slot = free_slots;

	if (slot == NULL)
		return slot_make(source);
	free_slots = slot->next;
	slot->hooked.source = source;
	return slot;
}

/* One for the heap, with its options. */
static struct arena_slot *
slot_for(struct heap *heap)
{
	struct arena_slot *slot = slot_take(heap->source);

	if (slot == NULL)
		return NULL;
	slot->hooked.exact = heap->options.bounded;
	slot_set_decay(slot, heap);
	purge_oversize(
	    slot->arena, heap->options.oversize, heap->options.bounded);
	atomic_store(&slot->requests, 0);
	atomic_store(&slot->epoch, 0);
	atomic_store(&slot->heap, heap);
	return slot;
}

/* Whether the heap, which has HAD arenas, may have one more. */
static bool
may_add(const struct heap *heap, unsigned had)
{
	static unsigned max;

	if (max == 0)
		max = (unsigned)min_size(
		    HEAP_ARENAS_MAX, 2 * (size_t)os_processors());
	return had == atomic_load(&heap->arena_count) &&
	    had < min_size(max, heap->options.arenas) &&
	    (had == 0 || arenas_extra < ARENAS_EXTRA_MAX);
}

void
slots_add(struct heap *heap, unsigned had)
{
	struct arena_slot *slot;

	lock_take(&slots_lock);
	tsd_enter();
	if (may_add(heap, had) && (slot = slot_for(heap)) != NULL) {
		heap->slot[had] = slot;
		arenas_extra += had != 0;
		atomic_store(&heap->arena_count, had + 1);
	}
	tsd_leave();
	lock_give(&slots_lock);
}

/* Makes an arena as good as new. */
static void
slot_reset(struct arena_slot *slot)
{
	tsdn_t *tsdn;

	slot_enter(slot);
	tsdn = tsd_tsdn(tsd_fetch());
	slot->hooked.source = NULL;
	arena_reset((tsd_t *)tsdn, slot->arena);
	purge(tsdn, slot->arena);
	stats_clear(slot->arena);
	atomic_store(&slot->heap, NULL);
	slot_leave(slot);
}

void
slots_give_back(struct heap *heap)
{
	unsigned arenas = atomic_load(&heap->arena_count);

	for (unsigned i = 0; i < arenas; i++)
		slot_reset(heap->slot[i]);
	lock_take(&slots_lock);
	for (unsigned i = 0; i < arenas; i++) {
		heap->slot[i]->next = free_slots;
		free_slots = heap->slot[i];
		arenas_extra -= i != 0;
	}
	lock_give(&slots_lock);
}

/* ---- Records of extents -------------------------------------------------- */

/* What one call takes of them at most: each block of a fill may want a slab of
 * its own, and there is one slab more than was needed; with some in reserve. */
#define RECORDS_EACH 8

/*
 * Where jemalloc has no memory for the record of what it splits off a free
 * extent, it forgets that extent: its pages stay a span of the source's, which
 * nobody has. So there are records before it may have to split. The leaves of
 * its tree, which it needs as well, are there: see purge_oversize().
 *
 * That they suffice: each thread inside sees RECORDS_EACH for every one that
 * came before it, which are all that may still take some, and for itself.
 */
bool
slot_has_records(struct arena_slot *slot)
{
	edata_cache_t *records = &slot->arena->pa_shard.edata_cache;
	size_t wanted = RECORDS_EACH * (size_t)atomic_load(&slot->users);
	tsdn_t *tsdn = tsdn_here();

	while (atomic_load_zu(&records->count, ATOMIC_RELAXED) < wanted) {
		edata_t *record = base_alloc_edata(tsdn, records->base);

		if (record == NULL)
			return false;
		edata_cache_put(tsdn, records, record);
	}
	return true;
}

/* ---- Keeping threads out ------------------------------------------------ */

/* The caller counted itself in and found arenas stopped. */
void
slot_wait(struct arena_slot *slot)
{
	do {
		atomic_fetch_sub(&slot->users, 1);
		wake_all(&slot->users);
		lock_take(&stop_lock);
		lock_give(&stop_lock);
		atomic_fetch_add(&slot->users, 1);
	} while (unlikely(atomic_load(&arenas_stopped)));
}

/* Hides what jemalloc knows of the arena's extents from memcheck. It takes the
 * memory for that in large pieces, the newest of which is first in the list. */
void
slot_hide_metadata(struct arena_slot *slot)
{
	const base_t *base = slot->arena->base;

	for (base_block_t *block = base->blocks;
	     block != NULL && !annotate_is_hidden(block); block = block->next)
		annotate_hide(block, block->size);
}

void
slots_stop(void)
{
	lock_take(&stop_lock);
	atomic_store(&arenas_stopped, true);
	for (unsigned i = 0; i < narenas_total_get(); i++)
		wait_until_zero(&arena_slots[i].users);
}

void
slots_go(void)
{
	atomic_store(&arenas_stopped, false);
	lock_give(&stop_lock);
}

void
slots_prefork(void)
{
	slots_stop();
	lock_take(&slots_lock);
}

void
slots_postfork(void)
{
	lock_give(&slots_lock);
	slots_go();
}

/* Of the parent's threads one may have counted itself in and not yet out again
 * (slot_wait()): it is not here to do that. */
void
slots_postfork_child(void)
{
	for (unsigned i = 0; i < narenas_total_get(); i++)
		atomic_store(&arena_slots[i].users, 0);
	slots_postfork();
}
