/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * heaps.c - see heaps.h.
 *
 * Owns the list of heaps and which ids are in use, under registry_lock.
 */
#include "arena/heaps.h"

#include <errno.h>

#include "arena/background.h"
#include "arena/cache.h"
#include "arena/recording.h"
#include "arena/thread.h"
#include "base/bits.h"
#include "base/list.h"

struct heap *all_heaps;
static uint64_t ids_used[HEAPS_MAX / 64 + 1]; /* a bit an id, from 1 */

/* ---- Ids and the list --------------------------------------------------- */

/* Under registry_lock; false: there are too many. */
static bool
id_take(struct heap *heap)
{
	size_t id = bits_find(ids_used, 1, HEAPS_MAX + 1, false);

	if (id > HEAPS_MAX)
		return false;
	bits_fill(ids_used, id, id + 1, true);
	heap->id = heap->alias = (unsigned)id;
	heap->settled = &heap->settled_here;
	return true;
}

static void
id_release(struct heap *heap)
{
	bits_fill(ids_used, heap->id, heap->id + 1, false);
}

int
heap_take_id(struct heap *heap)
{
	bool taken;

	threads_start();
	lock_take(&registry_lock);
	taken = id_take(heap);
	heap->id_is_lent = taken;
	lock_give(&registry_lock);
	return taken ? 0 : ENOMEM;
}

void
heap_release_id(struct heap *heap)
{
	lock_take(&registry_lock);
	id_release(heap);
	lock_give(&registry_lock);
}

/* Who gives back needs registry_lock not, and so comes to an end. */
void
heap_wait_for_decay(struct heap *heap)
{
	wait_while(&heap->decaying, 1);
}

bool
heaps_enter(struct heap *heap)
{
	bool taken;

	threads_start();
	lock_take(&registry_lock);
	taken = heap->id_is_lent || id_take(heap);
	if (taken)
		LIST_PUSH(&all_heaps, heap);
	if (taken && heap->background)
		background_want();
	lock_give(&registry_lock);
	return taken;
}

void
heaps_leave(struct heap *heap)
{
	lock_take(&registry_lock);
	LIST_REMOVE(heap);
	heap_wait_for_decay(heap);
	if (heap->background)
		background_release();
	while (heap->caches != NULL) {
		if (heap_is_recorded(heap))
			recording_tell_cache(heap->caches);
		cache_delete(heap->caches);
	}
	if (!heap->id_is_lent)
		id_release(heap);
	lock_give(&registry_lock);
}

/* ---- Recording ----------------------------------------------------------- */

/* What was handed out before is counted, and what is handed out next comes by
 * the slow path. */
void
heap_record(struct heap *heap)
{
	atomic_store(&heap->recorded, true);
	caches_revoke(heap);
	for (struct cache *c = heap->caches; c != NULL; c = c->heap_next)
		for (unsigned i = 1; i < CACHE_BINS; i++) {
			c->requests[i] -= (uint64_t)c->bin[i].countdown;
			c->bin[i].countdown = 0;
		}
	caches_restore(heap);
}

void
heaps_tell_recorder(void)
{
	lock_take(&registry_lock);
	for (struct heap *h = all_heaps; h != NULL; h = h->next) {
		if (!heap_is_recorded(h))
			continue;
		caches_revoke(h);
		for (struct cache *c = h->caches; c != NULL; c = c->heap_next)
			recording_tell_cache(c);
		caches_restore(h);
	}
	lock_give(&registry_lock);
}
