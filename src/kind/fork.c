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
 *
 * Why all locks: a child has the forking thread alone. Whatever another thread
 * was changing at that moment would stay half changed in the child for ever,
 * and its lock held. With every lock taken by the forking thread nothing is
 * half changed, and the child can give the locks back, which have no owner
 * (os/lock.h).
 *
 * At this level a fork leaves everything as it is. A child has the same kinds,
 * under the same handles and names, with the same records at the same
 * addresses, and the debug library's account still names the blocks that it may
 * use and free. What differs is below: which pages there are (source/fork.c)
 * and from which arenas it goes on (arena/fork.c).
 */
#include <errno.h>

#include "arena/fork.h"
#include "arena/thread.h"
#include "base/annotate.h"
#include "kind/facade.h"
#include "kind/kinds.h"
#include "kind/machine.h"
#include "os/records.h"

/*
 * The order is that of the locks, outermost first. The machine comes before
 * everything else: this waits for threads that read it, and hwloc, which they
 * are calling, calls malloc, which may be the engine and need its other locks.
 * The locks of on_full, of misuse, of live blocks and of records are last:
 * nothing else is taken under the first two, and records under the third.
 */
void
poolkind_fork_begin(void)
{
	int saved = errno;

	annotate_enter();
	machine_prefork();
	kinds_hold();
	heaps_prefork();
	/* A kind that cannot be copied is refused to the child: it says so. */
	annotate_look_away();
	sources_prefork();
	annotate_look_again();
	full_prefork();
	misuse_prefork();
	live_prefork();
	records_prefork();
	errno = saved;
}

/* Inside out. errno stays what it is: it belongs to the caller of fork(2). */
void
poolkind_fork_end_in_parent(void)
{
	int saved = errno;

	records_postfork();
	live_postfork();
	misuse_postfork();
	full_postfork();
	sources_postfork_parent();
	heaps_postfork_parent();
	kinds_release();
	machine_postfork();
	annotate_leave();
	errno = saved;
}

/* Records come first, since what follows frees and makes some. The lock of
 * valgrind is made anew instead of given back: it is a mutex of libc's, and
 * knows its owner by a thread number that the child's thread does not have. */
void
poolkind_fork_end_in_child(void)
{
	int saved = errno;

	records_postfork();
	live_postfork();
	misuse_postfork();
	full_postfork();
	sources_postfork_child();
	heaps_postfork_child();
	kinds_forked();
	kinds_release();
	machine_postfork_child();
	annotate_forked();
	kinds_process = os_process();
	errno = saved;
}

/*
 * Registers the handlers once: when the library is loaded, or with the first
 * kind where another library's constructor opens one before ours has run.
 * pthread_atfork(3) and what threads_start() needs of libc may call malloc,
 * which may be a facade of ours and come back here: so DONE is set before, and
 * no lock is held. A facade that opens kinds under a lock of its own calls this
 * before it takes that lock.
 */
EXPORT __attribute__((constructor)) void
poolkind_follow_forks(void)
{
	static _Atomic bool done;

	threads_start();
	if (!atomic_exchange(&done, true)) {
		kinds_process = os_process();
		pthread_atfork(poolkind_fork_begin, poolkind_fork_end_in_parent,
		    poolkind_fork_end_in_child);
	}
}
