/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * early.c - what is allocated before the pool exists. See early.h.
 */
#include "vmmalloc/early.h"

#include <stdatomic.h>

#include "vmmalloc/fork.h"
#include "vmmalloc/pool.h"

static _Atomic(poolkind *) early;

/*
 * Opens the kind. It needs no variable and no file, and one arena, since it
 * serves a few blocks of hardly more than one thread.
 *
 * To open it registers fork handlers, and pthread_atfork(3) may allocate: the
 * thread then comes back here while it is opening the kind. That request gets
 * NULL, since the engine is in the midst of its work and cannot be entered for
 * another kind. The handlers of fork.c are registered first, as opening a kind
 * registers the engine's.
 *
 * Threads that are here at the same time each open a kind. The first to enter
 * its own in EARLY wins, and the others close theirs, in which nothing was
 * allocated. A lock in its place would be one more that a fork has to take.
 */
static __attribute__((noinline, cold)) poolkind *
open_early(void)
{
	static _Thread_local bool opening
	    __attribute__((tls_model("initial-exec")));
	static const struct spec spec = { .source = SPEC_DRAM, .arenas = 1 };
	poolkind *fresh, *other = NULL;

	if (opening)
		return NULL;
	opening = true;
	fork_open();
	fresh = poolkind_open_spec(&spec, NULL);
	opening = false;
	if (fresh == NULL)
		return NULL;
	if (atomic_compare_exchange_strong(&early, &other, fresh))
		return fresh;
	poolkind_close(fresh);
	return other;
}

poolkind *
early_kind(void)
{
	return atomic_load_explicit(&early, memory_order_acquire);
}

/* On every slow path of malloc. The pool is tested first, as in all but the
 * first moments of the process it is there. */
poolkind *
pool_or_early(void)
{
	poolkind *kind = pool_kind();

	if (likely(kind != NULL))
		return kind;
	kind = early_kind();
	return kind != NULL ? kind : open_early();
}
