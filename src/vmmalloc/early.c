/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * early.c - what is allocated before the pool exists. See early.h.
 */
#include "vmmalloc/early.h"

#include <stdatomic.h>

#include "interpose/first_kind.h"
#include "vmmalloc/fork.h"
#include "vmmalloc/pool.h"

static _Atomic(poolkind *) early;

poolkind *
early_kind(void)
{
	return atomic_load_explicit(&early, memory_order_acquire);
}

/* On every slow path of malloc. The pool is tested first, as in all but the
 * first moments of the process it is there. The other kind needs no variable
 * and no file, and one arena, since it serves a few blocks of hardly more than
 * one thread. The handlers of fork.c are registered before it is opened, which
 * registers the engine's. */
poolkind *
pool_or_early(void)
{
	static const struct spec spec = { .source = SPEC_DRAM, .arenas = 1 };
	poolkind *kind = pool_kind();

	if (likely(kind != NULL))
		return kind;
	kind = early_kind();
	if (kind != NULL)
		return kind;
	return first_kind(&early, &spec, fork_open);
}
