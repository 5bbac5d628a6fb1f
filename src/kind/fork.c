/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fork.c - the engine over fork.
 *
 * Takes every lock of the engine before the fork, in the order that
 * arena/structures.h writes down, and gives them up after it: always, since
 * whether there is a kind can only be known under a lock, and the first one may
 * be opened by another thread just now. Threads that the child does not have
 * are forgotten there, what their caches held goes back to the arenas, and file
 * kinds become what their fork policy says. Nothing here calls malloc.
 */
#include <errno.h>

#include "arena/fork.h"
#include "arena/thread.h"
#include "base/annotate.h"
#include "kind/facade.h"
#include "kind/kind.h"
#include "kind/machine.h"
#include "os/records.h"

void
poolkind_fork_begin(void)
{
	int saved = errno;

	annotate_enter();
	machine_prefork();
	kinds_prefork();
	heaps_prefork();
	/* A kind that cannot be copied is refused to the child: it says so. */
	annotate_look_away();
	sources_prefork();
	annotate_look_again();
	misuse_prefork();
	live_prefork();
	records_prefork();
	errno = saved;
}

void
poolkind_fork_end_in_parent(void)
{
	int saved = errno;

	records_postfork();
	live_postfork();
	misuse_postfork();
	sources_postfork_parent();
	heaps_postfork_parent();
	kinds_postfork();
	machine_postfork();
	annotate_leave();
	errno = saved;
}

void
poolkind_fork_end_in_child(void)
{
	int saved = errno;

	records_postfork();
	live_postfork();
	misuse_postfork();
	sources_postfork_child();
	heaps_postfork_child();
	kinds_postfork();
	machine_postfork();
	annotate_forked();
	errno = saved;
}

/* When the library is loaded, or with the first kind if that comes sooner.
 * pthread_atfork(3) may call malloc, which may come back here; so may what
 * caches need of libc, and a facade opens kinds under a lock of its own. */
EXPORT __attribute__((constructor)) void
poolkind_follow_forks(void)
{
	static _Atomic bool done;

	threads_start();
	if (!atomic_exchange(&done, true))
		pthread_atfork(poolkind_fork_begin, poolkind_fork_end_in_parent,
		    poolkind_fork_end_in_child);
}
