/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * background.c - a thread that gives unused memory back. See memkind.h.
 *
 * Without it memory that is free grows old only when its kind is called. Owns
 * the thread. Takes no lock: pthread_create(3) calls malloc, and
 * pthread_join(3) waits for a thread that takes the locks of kinds; who changes
 * what there is claims the change, and others wait until it is made. The child
 * of a fork has no such thread until it asks for one. Starting it fails as
 * pthread_create(3).
 */
#include <pthread.h>
#include <signal.h>

#include "base/cancel.h"
#include "memkind/kinds.h"
#include "os/lock.h"

#define EVERY_MS 1000

enum {
	NO_THREAD,
	RUNNING,
	CHANGING, /* one is being made, or waited for */
};

static _Atomic uint32_t state;
static pthread_t thread; /* of who made it RUNNING, or makes it NO_THREAD */
static _Atomic uint32_t turn; /* the thread of another turn ends */

static void
tend(memkind_t kind, void *with)
{
	(void)with;
	poolkind_tend(atomic_load(&kind->engine));
}

static void *
run(void *mine)
{
	while (!wait_while_for(&turn, (uint32_t)(uintptr_t)mine, EVERY_MS))
		memkind_each(tend, NULL);
	return NULL;
}

static void
forget(void)
{
	atomic_store(&state, NO_THREAD);
	turn++;
}

static __attribute__((constructor)) void
follow_forks(void)
{
	static _Atomic bool done;

	if (!atomic_exchange(&done, true))
		pthread_atfork(NULL, NULL, forget);
}

/* Whether it is the caller who is to change FROM into what it is not; false
 * where it is that already. */
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

/* Unless this is the child of a fork meanwhile, in which there is no thread. */
static void
finish(uint32_t to)
{
	uint32_t now = CHANGING;

	atomic_compare_exchange_strong(&state, &now, to);
	wake_all(&state);
}

/* Signals are the program's own threads' business. */
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

static void
end(void)
{
	int before = cancel_off();

	turn++;
	wake_all(&turn);
	pthread_join(thread, NULL);
	cancel_back(before);
	finish(NO_THREAD);
}

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
