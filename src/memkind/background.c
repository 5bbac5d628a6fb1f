/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * background.c - a thread that gives unused memory back. See memkind.h.
 *
 * Free memory goes back to the system once it has not been wanted for some
 * seconds. But somebody has to notice: threads that allocate and free do, on
 * their slow paths. In a process that does neither for a while nothing goes
 * back. This thread looks at all open kinds once a second. There is one
 * for the whole process, where memkind had as many as jemalloc thought right.
 *
 * Owns the thread. Its life is a word with three states:
 *
 *   NO_THREAD --claim--> CHANGING --pthread_create--> RUNNING
 *   RUNNING   --claim--> CHANGING --pthread_join----> NO_THREAD
 *
 * Whoever wants a change claims it by compare and swap; others wait until it is
 * made, and find then that it is what they want, or claim the next. This is not
 * done by a lock over fork, for two reasons. pthread_create(3) calls malloc,
 * and a library may stand before it that forks: its fork would wait for the
 * lock that the thread itself holds. And pthread_join(3) waits for a thread
 * that takes the lock of kinds.c.
 *
 * How the thread learns that it is to end: it was given the number of its turn
 * when it was made, and ends when `turn` is another. A flag would have to be
 * put down again for the next thread; a number does not.
 *
 * Over fork: the child has the forking thread alone. forget() says so in the
 * child (NO_THREAD), and begins another turn. If the fork happened inside
 * pthread_create(3), the child goes on and makes the thread after all: that one
 * has the number of the turn before, and ends at once, and finish() leaves the
 * state alone. A program that wants the thread in its child asks there again.
 * At the moment of a fork the thread is outside of all kinds, since the forking
 * thread holds the lock of kinds.c.
 *
 * Starting it fails as pthread_create(3). The library is never unloaded (it is
 * linked with -z nodelete), so the thread cannot lose its code.
 */
#include <pthread.h>
#include <signal.h>

#include "base/cancel.h"
#include "memkind/kinds.h"
#include "memkind/settings.h"
#include "os/lock.h"

#define EVERY_MS 1000

enum {
	NO_THREAD,
	RUNNING,
	CHANGING, /* one is being made, or waited for */
};

static _Atomic uint32_t state;
static pthread_t thread; /* only for the thread that has claimed a change */
static _Atomic uint32_t turn; /* the thread of another turn ends */

static void
decay(memkind_t kind, void *with)
{
	(void)with;
	poolkind_decay(atomic_load(&kind->engine));
}

/* The kinds are listed under the lock of kinds.c, so that none is destroyed
 * while its pages go; a thread that opens or destroys one waits that long. */
static void *
run(void *mine)
{
	while (!wait_while_for(&turn, (uint32_t)(uintptr_t)mine, EVERY_MS))
		memkind_each(decay, NULL);
	return NULL;
}

/* In the child of a fork. */
static void
forget(void)
{
	atomic_store(&state, NO_THREAD);
	turn++;
}

/* When the library is loaded, or with the first call if a constructor of
 * another library makes it. */
static __attribute__((constructor)) void
follow_forks(void)
{
	static _Atomic bool done;

	if (!atomic_exchange(&done, true))
		pthread_atfork(NULL, NULL, forget);
}

/* Waits while somebody else makes a change. Then true, and the state is
 * CHANGING until the caller calls finish(), if it was FROM; false if it was the
 * other one, so that nothing is to be done. */
static bool
claim(uint32_t from)
{
	uint32_t now = from;

	while (!atomic_compare_exchange_strong(&state, &now, CHANGING)) {
		if (now != CHANGING)
			return false;
		wait_while(&state, CHANGING);
		now = from;
	}
	return true;
}

/* Ends the change, unless this has become the child of a fork meanwhile, where
 * forget() has said what there is. */
static void
finish(uint32_t to)
{
	uint32_t now = CHANGING;

	atomic_compare_exchange_strong(&state, &now, to);
	wake_all(&state);
}

/* The thread is made with all signals blocked, a mask which it inherits: a
 * handler of the program runs on one of the program's own threads. */
static int
start(void)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(
	    &thread, NULL, run, (void *)(uintptr_t)atomic_load(&turn));
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	finish(error == 0 ? RUNNING : NO_THREAD);
	return error == 0 ? 0 : MEMKIND_ERROR_INVALID;
}

/* pthread_join(3) is a point at which the calling thread can be cancelled. The
 * change would never be finished then, and everybody else wait for ever; so
 * that is put off. */
static void
end(void)
{
	int before = cancel_off();

	turn++;
	wake_all(&turn);
	pthread_join(thread, NULL);
	finish(NO_THREAD);
	cancel_back(before);
}

/* What is there already is success. When this returns after stopping, the
 * thread is gone, and not merely told to go. */
EXPORT int
memkind_set_bg_threads(bool wanted)
{
	follow_forks();
	if (wanted)
		return claim(NO_THREAD) ? start() : 0;
	if (claim(RUNNING))
		end();
	return 0;
}

/* JEMK_MALLOC_CONF=background_thread:true. Where the thread cannot be made the
 * program does without it, as if it had not been asked for. */
static __attribute__((constructor)) void
begin(void)
{
	if (settings_background_thread())
		memkind_set_bg_threads(true);
}
