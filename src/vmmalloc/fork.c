/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fork.c - the heap over fork(2). See fork.h.
 *
 * What the engine makes of the pool, by VMMALLOC_FORK (source/fork.c has the
 * how):
 *
 *   0  The child sees the blocks that had been handed out, and shares them with
 *      its parent. What it allocates comes from a new file of its own.
 *   1  The parent's mapping becomes private before the fork, once and for ever:
 *      both sides write to copies of pages, neither to the file. Where the file
 *      cannot be mapped again, because its descriptor was closed or its pages
 *      are huge, a copy is made as for 2.
 *   2  What is in use is copied into a new file, which takes the place of the
 *      pool in the child.
 *   3  As 2, and where no copy can be made as 1.
 *
 * That is of a pool in a file. Of ordinary memory both sides have copies on
 * write, whatever the value; a device is shared, with 0 alone.
 *
 * vmem ended the parent where this could not be done. Here the parent goes on,
 * with its heap and its data. A handler cannot make fork(2) fail, so the child
 * is there, with a heap that is not what was promised, or with none: it ends at
 * once, by a line and SIGABRT.
 *
 * Owns the error number of the fork that is under way, and the fork policy of
 * the kind that has it, as several may have different ones. The handlers run in
 * the forking thread; before the fork the engine holds all of its locks by
 * then, so nothing here may allocate.
 */
#include "vmmalloc/fork.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/error.h"
#include "vmmalloc/log.h"
#include "vmmalloc/pool.h"

static int failure; /* of what is done before a fork */
static enum spec_fork failed_policy;

/* Keeps, for the child, with which error the engine failed to prepare the pool.
 * It has done so by now, and holds its locks, so that no other fork is under
 * way. */
static void
before_fork(void)
{
	poolkind *kind = pool_kind();

	failure = kind == NULL ? 0 : poolkind_fork_error(kind, &failed_policy);
}

/* In a child without the pool: writes which step failed, in vmem's words. 0
 * means that all was ready before the fork, but the child could not put its
 * copy in the parent's place. The log and abort(3) need no heap. */
static _Noreturn void
end_without_heap(void)
{
	if (failure == 0)
		log_fatal("pool mapping failed");
	LOG_TRACE(1, "%s", error_name(failure));
	log_fatal(failed_policy == SPEC_FORK_COPY ? "pool cloning failed" :
						    "pool remapping failed");
}

/* The engine's handler is done: the pool is as VMMALLOC_FORK wants it, or
 * refused. Before the pool exists there is only ordinary memory, which the
 * kernel copies. */
static void
in_child(void)
{
	poolkind *kind = pool_kind();

	if (kind != NULL && poolkind_is_refused(kind))
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

/*
 * Registers three handlers in this order: ours for before the fork, the
 * engine's, ours for the child. Before a fork the C library calls them from the
 * last registered to the first, so ours comes after the engine's and finds its
 * error. In the child it calls them from the first to the last, so ours again
 * comes after the engine's. That is why one pthread_atfork(3) is not enough.
 *
 * Called by whatever comes first: the constructor, or the first request for
 * memory. The flag is set before anything is called, since pthread_atfork() may
 * allocate and come back.
 */
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
