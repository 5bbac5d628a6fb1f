/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * system.h - jemalloc's locks and its record of the thread, where its inline
 * functions are compiled into ours: as jemalloc/calls has it for jemalloc
 * itself. Included before jemalloc's headers, by internals.h.
 */
#ifndef ARENA_SYSTEM_H
#define ARENA_SYSTEM_H

#include <pthread.h>

#include "arena/tsd.h"
#include "os/lock.h"

_Static_assert(sizeof(struct lock) <= sizeof(pthread_mutex_t),
    "our locks lie where jemalloc has its own");

static inline int
system_lock(pthread_mutex_t *mutex)
{
	lock_take((struct lock *)(void *)mutex);
	return 0;
}

static inline int
system_lock_try(pthread_mutex_t *mutex)
{
	return !lock_try((struct lock *)(void *)mutex);
}

static inline int
system_lock_give(pthread_mutex_t *mutex)
{
	lock_give((struct lock *)(void *)mutex);
	return 0;
}

static inline int
system_set_tsd(const void *record)
{
	thread_tsd = (void *)(uintptr_t)record;
	return 0;
}

#define pthread_mutex_lock(mutex) system_lock(mutex)
#define pthread_mutex_trylock(mutex) system_lock_try(mutex)
#define pthread_mutex_unlock(mutex) system_lock_give(mutex)
#define pthread_getspecific(key) ((void)(key), thread_tsd)
#define pthread_setspecific(key, record) ((void)(key), system_set_tsd(record))

#endif /* ARENA_SYSTEM_H */
