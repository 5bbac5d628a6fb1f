/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * annotate.c - the lock around the engine under valgrind. See annotate.h.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "base/annotate.h"

/* A mutex of libc's, unlike all other locks: valgrind's tools follow those, and
 * it must nest, since functions of the interface call each other. */
pthread_mutex_t annotate_lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
unsigned annotate_quiet;

/* The mutex knows its owner by the thread's number, which is another one in the
 * child: it could not be unlocked there, so it is made anew. The forking thread
 * held it, so no other was inside. */
void
annotate_forked(void)
{
	static const pthread_mutex_t fresh =
	    PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

	annotate_lock = fresh;
	annotate_quiet = 0;
	VALGRIND_ENABLE_ERROR_REPORTING;
}
