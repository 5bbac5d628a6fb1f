/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lock.h - locks that are held over fork, and yet let their holder in.
 *
 * Another library's fork handler may ask us while ours has the locks and has
 * not given them up: LLVM's OpenMP runtime looks for its kinds anew in every
 * child. The forking thread therefore passes; in the child it is alone, and in
 * the parent it has the locks.
 */
#ifndef MEMKIND_LOCK_H
#define MEMKIND_LOCK_H

#include <stdbool.h>

#include "os/lock.h"

/* Whether this thread has taken the locks for a fork: kinds.c. */
extern _Thread_local bool memkind_forks
    __attribute__((tls_model("initial-exec"), visibility("hidden")));

static inline void
memkind_lock(struct lock *lock)
{
	if (!memkind_forks)
		lock_take(lock);
}

static inline void
memkind_unlock(struct lock *lock)
{
	if (!memkind_forks)
		lock_give(lock);
}

#endif /* MEMKIND_LOCK_H */
