/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * background.h - the thread that gives memory back while nobody allocates.
 *
 * Free memory goes back once it has waited for long enough, and somebody has to
 * notice: threads that allocate and free do, on their slow paths (decay.h). In
 * a process that does neither what waits would stay. So kinds with
 * background=yes have a thread, one for all of them, that looks after them as
 * long as something waits, and sleeps without a timer when nothing does.
 *
 * Its life. Heaps want it from their opening to their closing. It is not made
 * then, but by the next slow path of any thread that allocates (decay.c), which
 * holds no lock: pthread_create(3) calls malloc, which may be the engine, and
 * takes a lock with which libc calls free. The same makes it in the child of a
 * fork, which has none: at that child's first such slow path. Where it cannot
 * be made, one that comes 200 ms later tries again. It ends when no heap wants
 * it any more. It is detached: nobody joins it, so nobody can hang there, and a
 * process that exits meanwhile ends with it, as with any thread that is inside
 * the engine.
 *
 * A process whose first thread has ended, by pthread_exit(3), ends with its
 * last one, and must not be kept by this, which moreover handles no signal. So
 * from when the first thread ends, if it has a record (thread.h), this looks
 * five times a second whether it is the last, and if so it ends, as any thread
 * would: libc then calls exit(3).
 *
 * Its sleep. A word says whether it sleeps. Who has something wait in a heap
 * says so in the heap and then looks at the word; the thread says that it
 * sleeps and then looks at the heaps. All four are sequentially consistent, so
 * either it sees what waits, or is seen to sleep and woken. It is not woken
 * while it merely pauses between two rounds, so a busy program pays for a look
 * at the word, and that only when a heap in which nothing waited gets
 * something.
 *
 * Over fork. The handlers wait until no heap is in its hands, and hold
 * registry_lock, under which it takes them: so the child finds nothing half
 * done, and forgets the thread. If the fork happened inside pthread_create(3),
 * in a library that stands before it, the child goes on to make the thread of
 * its parent's turn: that one finds another turn and ends at once. A child that
 * ran no handler makes none: it has another number than the process that last
 * looked. Heaps that were refused to a child no longer want it there.
 */
#ifndef ARENA_BACKGROUND_H
#define ARENA_BACKGROUND_H

#include "arena/structures.h"

enum {
	BACKGROUND_AWAKE,  /* or not there */
	BACKGROUND_PAUSES, /* between two rounds */
	BACKGROUND_SLEEPS,
};
extern _Atomic uint32_t background_rest HIDDEN;

/* Wakes the thread if it sleeps: something waits that it may give back. Any
 * lock may be held. */
void background_wake(void);

static inline void
background_ring(void)
{
	if (unlikely(atomic_load(&background_rest) == BACKGROUND_SLEEPS))
		background_wake();
}

/* Something free in the heap is to go back later. Called after that can be
 * seen, and perhaps inside a cache or under the heap's lock. */
static inline void
heap_note_waiting(struct heap *heap)
{
	if (atomic_load(&heap->decay_waits))
		return;
	atomic_store(&heap->decay_waits, true);
	if (unlikely(heap->background))
		background_ring();
}

/* From now on a heap wants the thread, or no longer. Under registry_lock. */
void background_want(void);
void background_release(void);

/* Whether a heap wants the thread and this process has none, and it was not
 * tried a moment before NOW, which is os_now_ms(), to make it. */
bool background_is_missing(uint64_t now);

/* Makes it, unless another thread does: it runs WHAT, with what it passes on to
 * background_goes_on(). Holds no lock. */
void background_make(void *(*what)(void *turn), uint64_t now);

/* Whether the thread of this turn is still wanted. If not it ends, and another
 * may be made. By the thread, under registry_lock. */
bool background_goes_on(void *turn);

/* By the thread: from here on it counts as asleep, before it looks for what
 * there is to do. Then it has something to do, or it sleeps until it is woken,
 * at most for MS milliseconds if that is not UINT64_MAX. */
void background_lie_down(void);
void background_get_up(void);
void background_sleep(uint64_t ms);

/* By the thread: waits between two rounds; only its end is waited for less. */
void background_pause(uint64_t ms);

/* The process's first thread ends, and others may go on. Any lock may be held.
 */
void background_first_ends(void);

/* In the child of a fork, alone. */
void background_forget(void);

#endif /* ARENA_BACKGROUND_H */
