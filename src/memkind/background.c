/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * background.c - a thread that gives unused memory back. See memkind.h.
 *
 * Without it memory that is free grows old only when its kind is called. Owns
 * the thread, under a lock that is taken before that of the kinds. The child of
 * a fork has no such thread until it asks for one.
 */
#include <pthread.h>
#include <signal.h>

#include "base/cancel.h"
#include "memkind/kinds.h"
#include "os/lock.h"

#define EVERY_MS 1000

static struct lock lock = LOCK_INIT;
static pthread_t thread;
static bool running;
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

/* Signals are the program's own threads' business. Under the lock. */
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
	running = error == 0;
	return error;
}

static void
hold(void)
{
	lock_take(&lock);
}

static void
release(void)
{
	lock_give(&lock);
}

static void
forget(void)
{
	running = false;
	turn++;
	lock_give(&lock);
}

/* Before the lock is first taken. Its handlers come after those of the kinds,
 * and so are called sooner. */
static __attribute__((constructor)) void
follow_forks(void)
{
	static _Atomic bool done;

	if (atomic_exchange(&done, true))
		return;
	memkind_follow_forks();
	pthread_atfork(hold, release, forget);
}

EXPORT int
memkind_set_bg_threads(bool state)
{
	pthread_t ended = thread;
	int error = 0;
	bool ends;

	follow_forks();
	lock_take(&lock);
	if (state && !running)
		error = start();
	ends = !state && running;
	if (ends) {
		ended = thread;
		running = false;
		turn++;
		wake_all(&turn);
	}
	lock_give(&lock);
	if (ends) {
		int before = cancel_off();

		pthread_join(ended, NULL);
		cancel_back(before);
	}
	return error == 0 ? 0 : MEMKIND_ERROR_INVALID;
}
