/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * background.c - a thread that gives unused memory back. See memkind.h.
 *
 * Without it memory that is free grows old only when its kind is called. Owns
 * the thread, under a lock that is taken before that of the kinds. The child of
 * a fork has no such thread until it asks for one.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>

#include "memkind/kinds.h"

#define EVERY_SECONDS 1

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static pthread_t thread;
static bool running;
static uintptr_t turn; /* the thread of another turn ends */

static void
tend(memkind_t kind, void *with)
{
	(void)with;
	poolkind_tend(atomic_load(&kind->engine));
}

static void *
run(void *mine)
{
	struct timespec until;

	pthread_mutex_lock(&lock);
	while ((uintptr_t)mine == turn) {
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec += EVERY_SECONDS;
		if (pthread_cond_timedwait(&changed, &lock, &until) !=
		    ETIMEDOUT)
			continue;
		pthread_mutex_unlock(&lock);
		memkind_each(tend, NULL);
		pthread_mutex_lock(&lock);
	}
	pthread_mutex_unlock(&lock);
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
	error = pthread_create(&thread, NULL, run, (void *)turn);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	running = error == 0;
	return error;
}

static void
hold(void)
{
	pthread_mutex_lock(&lock);
}

static void
release(void)
{
	pthread_mutex_unlock(&lock);
}

static void
forget(void)
{
	running = false;
	turn++;
	pthread_cond_init(&changed, NULL);
	pthread_mutex_unlock(&lock);
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
	pthread_mutex_lock(&lock);
	if (state && !running)
		error = start();
	ends = !state && running;
	if (ends) {
		ended = thread;
		running = false;
		turn++;
		pthread_cond_signal(&changed);
	}
	pthread_mutex_unlock(&lock);
	if (ends)
		pthread_join(ended, NULL);
	return error == 0 ? 0 : MEMKIND_ERROR_INVALID;
}
