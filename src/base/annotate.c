/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * annotate.c - the lock around the engine under valgrind. See annotate.h.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "base/annotate.h"

unsigned annotate_quiet;

#ifdef HAVE_VALGRIND

/* A mutex of libc's, unlike all other locks: valgrind's tools follow those, and
 * it must nest, since functions of the interface call each other. It is locked
 * here, and not by the callers: what includes jemalloc's headers has other
 * functions by the names of libc's. */
static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

void
annotate_lock(void)
{
	pthread_mutex_lock(&lock);
}

void
annotate_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

/* The mutex knows its owner by the thread's number, which is another one in the
 * child: it could not be unlocked there, so it is made anew. The forking thread
 * held it, so no other was inside. */
void
annotate_forked(void)
{
	static const pthread_mutex_t fresh =
	    PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

	lock = fresh;
	annotate_quiet = 0;
	VALGRIND_ENABLE_ERROR_REPORTING;
}

#else /* Nobody is known to be on valgrind, so nobody calls them. */

void
annotate_lock(void)
{
}

void
annotate_unlock(void)
{
}

void
annotate_forked(void)
{
	annotate_quiet = 0;
}

#endif
