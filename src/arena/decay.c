/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * decay.c - see decay.h.
 *
 * Owns when that is next done. A heap in a thread's hands says so in
 * `decaying`. Who has one takes no registry_lock, so that a fork and the heap's
 * end can wait for it.
 */
#include "arena/decay.h"

#include "arena/arenas.h"
#include "arena/background.h"
#include "arena/cache.h"
#include "arena/heaps.h"
#include "arena/thread.h"
#include "base/annotate.h"
#include "os/os.h"

/* How often heaps in which something waits are looked after, in ms. */
#define DECAY_INTERVAL_MS 200

/* When a slow path next looks after the heaps, by os_now_ms(). */
static _Atomic uint64_t decay_due;

bool
heap_decay(struct heap *heap)
{
	bool more = caches_age(heap);

	more |= arenas_decay(heap);
	return source_decay(heap->source) || more;
}

/* ---- In turn ------------------------------------------------------------- */

/* Claims a heap for this thread, if no other has it, and puts it before those
 * that it claimed already, chained by decay_next. Under registry_lock. */
static void
claim(struct heap *heap, struct heap **claimed)
{
	if (atomic_exchange(&heap->decaying, 1))
		return;
	atomic_store(&heap->decay_waits, false);
	heap->decay_next = *claimed;
	*claimed = heap;
}

/* As soon as it says that it is done the heap may be gone. */
static void
decay_claimed(struct heap *heap)
{
	while (heap != NULL) {
		struct heap *after = heap->decay_next;

		if (heap_decay(heap))
			heap_note_waiting(heap);
		atomic_store(&heap->decaying, 0);
		wake_all(&heap->decaying);
		heap = after;
	}
}

/* The heaps in which something waits. None if the list is in use: the next
 * thread will do. */
static struct heap *
claim_waiting(void)
{
	struct heap *claimed = NULL;

	if (!lock_try(&registry_lock))
		return NULL;
	for (struct heap *h = all_heaps; h != NULL; h = h->next)
		if (atomic_load_explicit(&h->decay_waits, memory_order_relaxed))
			claim(h, &claimed);
	lock_give(&registry_lock);
	return claimed;
}

/* ---- The thread ---------------------------------------------------------- */

/* In how many ms the small blocks in the heap's caches are to be looked at. */
static uint64_t
small_due(const struct heap *heap)
{
	uint64_t passed = os_now_ms() - atomic_load(&heap->small_aged_ms);
	uint64_t wait = heap->options.background_ms;

	if (!atomic_load(&heap->keeps_small) || wait == UINT64_MAX)
		return UINT64_MAX;
	return passed < wait ? wait - passed : 0;
}

/* What of HEAP the thread has to do now, and else *REST: in how many ms it is
 * to look again. A heap that another thread has is looked at again after a
 * while. */
static void
claim_for_thread(struct heap *heap, struct heap **claimed, uint64_t *rest)
{
	uint64_t due = small_due(heap);

	if (!heap->background)
		return;
	if (due == 0 || atomic_load(&heap->decay_waits)) {
		claim(heap, claimed);
		due = DECAY_INTERVAL_MS;
	}
	if (due < *rest)
		*rest = due;
}

static void
give_back(struct heap *claimed)
{
	for (struct heap *h = claimed; h != NULL; h = h->decay_next)
		if (small_due(h) == 0)
			caches_age_small(h);
	decay_claimed(claimed);
}

/* One round; false: the thread is not wanted any more. */
static bool
look_after_heaps(void *turn)
{
	struct heap *claimed = NULL;
	uint64_t rest = UINT64_MAX;
	bool goes_on;

	background_lie_down();
	annotate_enter();
	lock_take(&registry_lock);
	goes_on = background_goes_on(turn);
	for (struct heap *h = all_heaps; goes_on && h != NULL; h = h->next)
		claim_for_thread(h, &claimed, &rest);
	lock_give(&registry_lock);
	if (claimed != NULL)
		give_back(claimed);
	annotate_leave();
	if (goes_on && claimed != NULL)
		background_pause(DECAY_INTERVAL_MS);
	else if (goes_on)
		background_sleep(rest);
	return goes_on;
}

static void *
run(void *turn)
{
	os_name_thread("poolkind");
	os_run_anywhere();
	while (look_after_heaps(turn))
		;
	return NULL;
}

void
heaps_decay(bool allocates)
{
	uint64_t now = os_now_ms(), due = atomic_load(&decay_due);

	if (allocates && background_is_missing(now))
		background_make(run, now);
	if (likely(now < due) ||
	    !atomic_compare_exchange_strong(
		&decay_due, &due, now + DECAY_INTERVAL_MS))
		return;
	decay_claimed(claim_waiting());
}
