/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fork.c - the heap over fork(2). See fork.h.
 */
#include "vmmalloc/fork.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/error.h"
#include "vmmalloc/log.h"
#include "vmmalloc/pool.h"

static int failure; /* of what is done before a fork */

/* The engine has stopped everything and prepared what the child is to get. */
static void
before_fork(void)
{
	failure = pool == NULL ? 0 : poolkind_fork_error(pool);
}

/* A fork cannot be made to fail from here: the parent goes on, and the child,
 * which has no heap, ends. */
static _Noreturn void
end_without_heap(void)
{
	if (failure == 0)
		log_fatal("pool mapping failed");
	LOG_TRACE(1, "%s", error_name(failure));
	log_fatal(pool_spec.fork == SPEC_FORK_COPY ? "pool cloning failed" :
						     "pool remapping failed");
}

static void
in_child(void)
{
	if (pool != NULL && poolkind_is_refused(pool))
		end_without_heap();
}

void
fork_begin(void)
{
	poolkind_fork_begin();
	before_fork();
}

void
fork_end_in_parent(void)
{
	poolkind_fork_end_in_parent();
}

void
fork_end_in_child(void)
{
	poolkind_fork_end_in_child();
	in_child();
}

/* Before the fork handlers run in the reverse of this order: ours after the
 * engine's. In the child they run in this order, so that one comes later. */
void
fork_open(void)
{
	static _Atomic bool done;
	int errnum;

	if (atomic_exchange(&done, true))
		return;
	errnum = pthread_atfork(before_fork, NULL, NULL);
	if (errnum == 0) {
		poolkind_follow_forks();
		errnum = pthread_atfork(NULL, NULL, in_child);
	}
	if (errnum != 0)
		log_fatal("pthread_atfork: %s", error_name(errnum));
}
