/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fork.c - the engine over fork.
 *
 * Takes every lock of the engine before the fork, in the order that heap.h
 * writes down, and gives them up after it. Threads that the child does not have
 * are forgotten there, what their caches held goes back to the arenas, and file
 * kinds become what their fork policy says. Nothing here calls malloc.
 */
#include <errno.h>

#include "base/annotate.h"
#include "kind/kind.h"
#include "kind/machine.h"
#include "os/records.h"

static void
before_fork(void)
{
	int saved = errno;

	annotate_enter();
	machine_prefork();
	kinds_prefork();
	heaps_prefork();
	/* A kind that cannot be copied is refused to the child: it says so. */
	sources_prefork();
	records_prefork();
	errno = saved;
}

static void
in_parent(void)
{
	int saved = errno;

	records_postfork();
	sources_postfork_parent();
	heaps_postfork_parent();
	kinds_postfork();
	machine_postfork();
	annotate_leave();
	errno = saved;
}

static void
in_child(void)
{
	int saved = errno;

	records_postfork();
	sources_postfork_child();
	heaps_postfork_child();
	kinds_postfork();
	machine_postfork();
	annotate_forked();
	errno = saved;
}

static void
install(void)
{
	pthread_atfork(before_fork, in_parent, in_child);
}

void
fork_handlers_install(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, install);
}
