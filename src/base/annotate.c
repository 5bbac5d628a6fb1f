/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * annotate.c - the lock around the engine under valgrind. See annotate.h.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "base/annotate.h"

pthread_mutex_t annotate_lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
unsigned annotate_quiet;

void
annotate_forked(void)
{
	static const pthread_mutex_t fresh =
	    PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

	annotate_lock = fresh;
	annotate_quiet = 0;
	VALGRIND_ENABLE_ERROR_REPORTING;
}
