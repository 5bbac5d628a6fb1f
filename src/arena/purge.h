/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * purge.h - an arena's free extents given back to their source, to the last.
 *
 * jemalloc lets go of an arena's decay lock while it purges, and a second
 * thread that comes to purge leaves at once, with nothing. What the first has
 * taken out of the arena is nobody's until it is done: with 64 MiB and 40 MiB
 * in use, requests of 4 KiB failed. So a request that is about to fail waits
 * for it. A child of fork is not born in the midst of it, where nobody would
 * ever go on, since who purges is inside the arena (slot.h).
 *
 * Called inside the arena, without any lock that a purge may want, a source's
 * among them.
 */
#ifndef ARENA_PURGE_H
#define ARENA_PURGE_H

#include "arena/internals.h"

#include "base/base.h"
#include "os/lock.h"

static inline decay_t *
purge_lock(tsdn_t *tsdn, arena_t *arena)
{
	decay_t *decay = &arena->pa_shard.pac.decay_dirty;

	malloc_mutex_lock(tsdn, &decay->mtx);
	return decay;
}

/* As purge_lock(), when no other thread purges. */
static inline decay_t *
purge_lock_idle(tsdn_t *tsdn, arena_t *arena)
{
	decay_t *decay = purge_lock(tsdn, arena);
	unsigned nap = 0;

	while (decay->purging) {
		malloc_mutex_unlock(tsdn, &decay->mtx);
		take_nap(&nap);
		malloc_mutex_lock(tsdn, &decay->mtx);
	}
	return decay;
}

/* Gives back all that is free, and waits for what others are giving back. */
static inline void
purge(tsdn_t *tsdn, arena_t *arena)
{
	pac_t *pac = &arena->pa_shard.pac;
	decay_t *decay = purge_lock_idle(tsdn, arena);

	pac_decay_all(tsdn, pac, decay, &pac->stats->decay_dirty,
	    &pac->ecache_dirty, true);
	malloc_mutex_unlock(tsdn, &decay->mtx);
}

/* Whether purge() would find something, or somebody at it. */
static inline bool
purge_is_due(tsdn_t *tsdn, arena_t *arena)
{
	decay_t *decay = purge_lock(tsdn, arena);
	bool is_due = decay->purging ||
	    ecache_npages_get(&arena->pa_shard.pac.ecache_dirty) != 0;

	malloc_mutex_unlock(tsdn, &decay->mtx);
	return is_due;
}

/* What free space must have grown to for purge_oversize(): jemalloc's
 * default. */
#define OVERSIZE (8 * MIB)

/* Has free space of that size go back at once, as by jemalloc's default; or
 * decay as any other. After a burst of 128 MiB by one thread 41 MiB are held,
 * and 141 without this. For anonymous memory whose decay time nobody chose: in
 * a file it would punch a hole, and for large blocks that come and go one each
 * time.
 *
 * From a source that is BOUNDED, which keeps it, what is as large as a leaf of
 * jemalloc's tree is for, a GiB or more, goes back in any case: so there are
 * leaves for both pages wherever an extent is split (hooks.c). */
static inline void
purge_oversize(arena_t *arena, bool at_once, bool bounded)
{
	size_t leaf = (size_t)1 << rtree_leaf_maskbits();

	atomic_store_zu(&arena->pa_shard.pac.oversize_threshold,
	    at_once     ? OVERSIZE :
		bounded ? leaf :
			  SC_LARGE_MAXCLASS + PAGE,
	    ATOMIC_RELAXED);
}

#endif /* ARENA_PURGE_H */
