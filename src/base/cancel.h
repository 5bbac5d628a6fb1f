/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cancel.h - where a thread must not be cancelled.
 *
 * Calls of os.h never are a point at which that happens. What other libraries
 * do is: hwloc, libnuma and libdaxctl open files, dlopen(3) runs what they have
 * to run first. Who calls them stands between these two, set before the lock
 * and put back after it. The program's own work is not among this: a thread
 * that is to be cancelled is, at the next point of its own.
 */
#ifndef BASE_CANCEL_H
#define BASE_CANCEL_H

#include <pthread.h>

static inline int
cancel_off(void)
{
	int before;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
	return before;
}

static inline void
cancel_back(int before)
{
	pthread_setcancelstate(before, NULL);
}

#endif /* BASE_CANCEL_H */
