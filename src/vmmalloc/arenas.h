/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arenas.h - jemalloc's arenas on the pool, and which thread uses which.
 *
 * Arena 0 is jemalloc's own, in ordinary memory: it holds jemalloc's tables
 * and what was allocated before the pool existed. All others lie in the pool.
 * A thread is bound to one of them in front of its first request; after that
 * jemalloc serves it from there by itself.
 *
 * Owns the table of those arenas, which only grows. Takes no lock: slots are
 * claimed and published by atomic operations, so a fork at any moment leaves
 * the table whole. Called by entry.c in slow paths only, and by retry.c.
 */
#ifndef VMMALLOC_ARENAS_H
#define VMMALLOC_ARENAS_H

#include "vmmalloc/heap.h"

#include "base/base.h"
#include "source/source.h"

/* Makes the first arena and binds this thread to it; false without memory.
 * BYTES is the size of the pool, 0 when it has no end; ANONYMOUS, what its
 * pages are. */
bool arenas_open(struct source *source, size_t bytes, bool anonymous);

/* Binds the thread of TSD, which is in one of jemalloc's ordinary states. */
void arenas_bind(tsd_t *tsd);

/* The arena that the fewest threads use. */
arena_t *arenas_least_used(void);

/* How many threads are bound to arenas of the pool now. */
unsigned arenas_threads(void);

/* How many slots the table has now, and the arena in slot I: NULL for one that
 * is just being made. */
unsigned arenas_count(void);
arena_t *arenas_get(unsigned i);

/* Arena 0, from the moment arenas_open() is done; NULL before. */
extern arena_t *arenas_before_pool;

/* Whether jemalloc serves requests of this thread from the pool. */
static inline bool
arenas_bound(tsd_t *tsd)
{
	arena_t *arena = *tsd_arenap_get_unsafe(tsd);

	return arena != NULL && arena != arenas_before_pool &&
	    arenas_before_pool != NULL;
}

#endif /* VMMALLOC_ARENAS_H */
