/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lock.h - locks that are held over fork, and yet let their holder in.
 *
 * Our fork handler takes the locks before fork(2), and gives them back after
 * it, in the parent and in the child. Handlers of other libraries run in
 * between: all that were registered before ours, since before a fork handlers
 * run in the reverse order of registration, and after it in that order. One of
 * them may call us. LLVM's OpenMP runtime does: it looks for its kinds anew in
 * every child. It would wait for a lock that its own thread holds.
 *
 * So the forking thread passes the locks without taking or giving them. That
 * it then is alone: in the parent it has them, and everybody else waits; in the
 * child there is no other thread. That what it finds is consistent: the handler
 * took the locks as any thread does, when nobody was inside. A recursive lock
 * would do the same, and have to know its owner, which is another thread in the
 * child.
 */
#ifndef MEMKIND_LOCK_H
#define MEMKIND_LOCK_H

#include <stdbool.h>

#include "os/lock.h"

/* Whether this thread has taken the locks for a fork: set by kinds.c. */
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
