/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * slot.h - a slot for each of jemalloc's arenas: which heap has it, and who is
 * inside.
 *
 * Arenas are few: jemalloc has 4094 for the engine. A heap takes its first at
 * its first block. It takes more, up to two a processor and 64, when threads
 * meet in it again and again (arenas.c), and only as long as open heaps and
 * such further arenas together fit: the last are kept for the first arenas of
 * heaps. An arena is never destroyed, since jemalloc keeps its address space,
 * 2 MiB each: the arenas of a heap that was closed are reset and serve the next
 * heap.
 *
 * Called by the files of arena/, without a lock above slots_lock. A heap that
 * finds no arena has no block to give.
 */
#ifndef ARENA_SLOT_H
#define ARENA_SLOT_H

#include "arena/internals.h"

#include "arena/hooks.h"
#include "arena/structures.h"
#include "base/annotate.h"

/* Lines of the processor's cache are fetched in pairs: no two slots share one.
 * What threads count with each large block, they count here. */
struct __attribute__((aligned(128))) arena_slot {
	struct hooked_source hooked;
	arena_t *arena;
	_Atomic(struct heap *) heap; /* whom it serves */
	_Atomic uint32_t users;      /* threads inside */
	_Atomic uint64_t requests;   /* blocks handed out, but for the caches */
	_Atomic uint64_t epoch;      /* see heap_epoch() */
	struct arena_slot *next;     /* free slots */
};

/* By arena index: as many as an extent's metadata can say. */
extern struct arena_slot arena_slots[MALLOCX_ARENA_LIMIT + 1];

/* Gives the heap one more arena than HAD, unless somebody else did. Its first
 * can always be had, if there is memory: there are as many as heaps can be
 * open. */
void slots_add(struct heap *heap, unsigned had);

/* Resets the heap's arenas, to serve other heaps. Their extents go nowhere:
 * their source is closed next. */
void slots_give_back(struct heap *heap);

/* Has the arena keep free extents as long as the heap's options say, or not at
 * all in a tight heap. The caller is inside. */
void slot_set_decay(struct arena_slot *slot, const struct heap *heap);

/*
 * Whoever changes an arena or its extents does so between slot_enter() and
 * slot_leave(). From slots_stop() to slots_go() nobody is there, so that the
 * extents of arenas and the spans of sources agree: for a fork and for checks.
 *
 * That nobody is: a thread first counts itself in, then looks whether arenas
 * are stopped; who stops them first says so, then looks at the counts. All four
 * are sequentially consistent, so they have one order. If the thread's count
 * comes before the stopper's look at it, the stopper waits until the thread has
 * left. Else the count comes after that look, thus after the stop was said, and
 * the thread sees that: it counts itself out and waits for stop_lock. A count
 * of a thread that goes out again makes the stopper wait a little longer,
 * nothing more; but a child of a fork, where that thread is not, would wait for
 * good, and counts anew. A new arena is of no harm: its first user looks like
 * any other.
 *
 * There is no deadlock, since who is inside waits for no lock above jemalloc's,
 * and for no cache. Who holds a cache may wait here, so a fork, which wants
 * both, takes the caches first.
 */
extern _Atomic bool arenas_stopped;
void slot_wait(struct arena_slot *slot);
void slot_hide_metadata(struct arena_slot *slot);

/* Returns how many others are inside. */
static inline unsigned
slot_enter(struct arena_slot *slot)
{
	unsigned others = atomic_fetch_add(&slot->users, 1);

	if (unlikely(atomic_load(&arenas_stopped)))
		slot_wait(slot);
	tsd_enter();
	return others;
}

static inline void
slot_leave(struct arena_slot *slot)
{
	if (unlikely(annotate_is_on()))
		slot_hide_metadata(slot);
	tsd_leave();
	atomic_fetch_sub(&slot->users, 1);
	if (unlikely(atomic_load(&arenas_stopped)))
		wake_all(&slot->users);
}

/* Whether jemalloc can enter and split extents for the caller, who is inside:
 * see slot.c. Asked by whoever allocates. */
bool slot_has_records(struct arena_slot *slot);

void slots_stop(void);
void slots_go(void);

/* Around a fork: the same, and no heap gets or gives an arena. */
void slots_prefork(void);
void slots_postfork(void);
void slots_postfork_child(void);

#endif /* ARENA_SLOT_H */
