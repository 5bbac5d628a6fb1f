/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool.h - the memory that the process's heap lies in.
 *
 * Owns the pool, opened by the constructor, with what it falls back to. They
 * are never closed, since blocks may be freed and allocated as long as the
 * process runs any code. Takes no lock of its own.
 */
#ifndef VMMALLOC_POOL_H
#define VMMALLOC_POOL_H

#include <stdatomic.h>

#include "kind/facade.h"
#include "vmmalloc/settings.h"

/* Opens the pool that SETTINGS describe; ends the process when it cannot. */
void pool_open(const struct settings *settings);

/* The id of the pool's heap, for arena/cache.h; NO_HEAP before pool_open(), and
 * in the debug library. It may be seen before the pool is, and need acquire
 * nothing: a thread has a cache for it when it has been to the pool alone. */
extern _Atomic unsigned pool_id __attribute__((visibility("hidden")));

/* What it falls back to poolkind_fallback() tells. NULL before pool_open(). */
extern _Atomic(poolkind *) pool __attribute__((visibility("hidden")));

static inline poolkind *
pool_kind(void)
{
	return atomic_load_explicit(&pool, memory_order_acquire);
}

/* What the pool was opened from, once it is there. */
extern struct spec pool_spec;

/* Why ordinary memory is in the place of the pool, "" where it is not. */
extern char pool_missing[512];

#endif /* VMMALLOC_POOL_H */
