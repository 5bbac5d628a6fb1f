/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stats.h - what arenas count of their blocks, for statistics.
 *
 * Owns nothing. Called without any lock: takes those of jemalloc's bins and
 * statistics one at a time, so that the numbers of an arena in use need not
 * agree to the block. Blocks in thread caches count as given
 * out. Cannot fail.
 */
#ifndef ARENA_STATS_H
#define ARENA_STATS_H

#include "arena/internals.h"

#include "base/base.h"

#define STATS_LARGE (SC_NSIZES - SC_NBINS)

struct stats_class {
	uint64_t given, taken; /* blocks, ever */
	uint64_t current;      /* blocks now */
	size_t bytes;          /* in these */
	size_t slabs;          /* small classes: extents they lie in */
};

struct stats_all {
	struct stats_class small[SC_NBINS], large[STATS_LARGE];
	size_t active;  /* bytes of extents that hold blocks */
	size_t waiting; /* bytes of free extents kept by the arena */
};

/* Without the single classes, of which there are more than some stacks have
 * room for. */
struct stats_total {
	struct stats_class small, large;
	size_t active, waiting;
};

/* Add what an arena counts. */
void stats_add(struct stats_all *stats, arena_t *arena);
void stats_add_total(struct stats_total *total, arena_t *arena);

/* The sum of a row of classes. */
struct stats_class stats_sum(const struct stats_class *classes, size_t count);

/* Lets an arena that was reset count from nothing. */
void stats_clear(arena_t *arena);

#endif /* ARENA_STATS_H */
