/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * internals.h - jemalloc's own headers, and the one version they are right for.
 *
 * The engine calls jemalloc below its public interface: it fills and flushes
 * thread caches of its own straight from an arena's bins, and finds a block's
 * class and arena in jemalloc's radix tree without a lock. What it relies on
 * was read in 5.3.1, so any other version is refused.
 *
 * Included by the files of arena/ alone.
 */
#ifndef ARENA_INTERNALS_H
#define ARENA_INTERNALS_H

#include "arena/system.h"

#include "jemalloc/internal/jemalloc_preamble.h"
#include "jemalloc/internal/jemalloc_internal_includes.h"

#include "jemalloc/internal/inspect.h"

#if JEMALLOC_VERSION_MAJOR != 5 || JEMALLOC_VERSION_MINOR != 3 || \
    JEMALLOC_VERSION_BUGFIX != 1
#error "poolkind is built on jemalloc 5.3.1, and on no other version"
#endif

#undef ARRAY_SIZE /* base.h has one of its own */

/* jemalloc's record of the calling thread, or NULL: what calls no extent hook
 * does as well without. None is made here, as that may call malloc. A thread
 * that is at its end has none any more. */
static inline tsdn_t *
tsdn_here(void)
{
	return (tsdn_t *)tsd_get(false);
}

#endif /* ARENA_INTERNALS_H */
