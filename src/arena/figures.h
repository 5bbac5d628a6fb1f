/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * figures.h - what arenas count of their blocks, for statistics.
 *
 * Owns nothing. Called by heap.c and print.c, without any lock: takes those of
 * jemalloc's bins and statistics one at a time, so that the figures of an arena
 * in use need not agree to the block. Blocks in thread caches count as given
 * out. Cannot fail.
 */
#ifndef ARENA_FIGURES_H
#define ARENA_FIGURES_H

#include "arena/internals.h"

#include "base/base.h"

#define FIGURES_LARGE (SC_NSIZES - SC_NBINS)

struct figures_class {
	uint64_t given, taken; /* blocks, ever */
	uint64_t current;      /* blocks now */
	size_t bytes;          /* in these */
	size_t slabs;          /* small classes: extents they lie in */
};

struct figures {
	struct figures_class small[SC_NBINS], large[FIGURES_LARGE];
	size_t active;  /* bytes of extents that hold blocks */
	size_t waiting; /* bytes of free extents kept by the arena */
};

/* Without the single classes, of which there are more than some stacks have room
 * for. */
struct figures_total {
	struct figures_class small, large;
	size_t active, waiting;
};

/* Add the figures of an arena. */
void figures_add(struct figures *figures, arena_t *arena);
void figures_add_total(struct figures_total *total, arena_t *arena);

/* The sum of a row of classes. */
struct figures_class figures_sum(
    const struct figures_class *classes, size_t count);

/* Lets an arena that was reset count from nothing. */
void figures_clear(arena_t *arena);

#endif /* ARENA_FIGURES_H */
