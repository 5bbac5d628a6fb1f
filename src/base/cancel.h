/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cancel.h - where a thread must not be cancelled.
 *
 * A thread is cancelled in functions that are cancellation points
 * (pthreads(7)), such as open(2) and read(2) of libc. The calls of os.h are
 * none, as they go to the kernel directly. But hwloc, libnuma and libdaxctl
 * open files, and dlopen(3) runs the constructors of what it loads: a thread
 * that is cancelled there would leave a lock held or a record half filled. Who
 * calls them stands between these two, the first before the lock is taken and
 * the second after it is given. The program's own functions, which the engine
 * calls for reports and output, do not run in between. A cancellation that is
 * asked for meanwhile takes place at the next such point of the program's own.
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
