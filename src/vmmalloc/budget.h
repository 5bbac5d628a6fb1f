/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * budget.h - how much of a small pool the threads' caches may hold.
 *
 * Free blocks in the cache of another thread cannot be had by this one. All
 * caches together therefore hold at most a sixteenth of the pool, and a thread
 * that found the pool full does without one until there is room again: what it
 * frees then can be had by everybody, in one piece with its neighbours.
 *
 * Owns that sum. Called in slow paths; takes no lock but the source's.
 */
#ifndef VMMALLOC_BUDGET_H
#define VMMALLOC_BUDGET_H

#include "vmmalloc/heap.h"

#include "base/base.h"

/* BYTES: the size of the pool, 0 when it has no end. */
void budget_open(size_t bytes);

/* Sizes the cache of the thread that TSD is, one of THREADS. */
void budget_apply(tsd_t *tsd, unsigned threads);

/* The pool is full: empties and drops the thread's cache. */
void budget_suspend(tsd_t *tsd);

/* Called now and then by a thread without cache: gives it one again when an
 * eighth of the pool is free. */
void budget_resume(tsd_t *tsd);

/* Whether the thread has its cache. */
static inline bool
budget_has_cache(tsd_t *tsd)
{
	return *tsd_tcache_enabledp_get_unsafe(tsd);
}

#endif /* VMMALLOC_BUDGET_H */
