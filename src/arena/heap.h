/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * heap.h - opening and closing a heap, its limit, what is free in it, its
 * statistics.
 *
 * A heap owns the jemalloc arenas of one kind, made when threads need them, and
 * the thread caches that stand before them. kind/ calls it; jemalloc's extent
 * hooks call the source. Called without a lock. Opening may fail.
 */
#ifndef ARENA_HEAP_H
#define ARENA_HEAP_H

#include "arena/structures.h"

/* Opens a heap on SOURCE, behind ALIAS (heaps.h) if that is not NULL. Returns
 * 0; ENOMEM: HEAPS_MAX heaps are open already; EAGAIN: no memory. A heap that
 * has an id keeps it. */
int heap_open(struct heap *heap, struct source *source,
    const struct heap_options *options, struct heap *alias);

/* Takes all blocks back at once; nobody uses the heap any more. The source is
 * left to the caller, who closes it next: its spans need not be freed. */
void heap_close(struct heap *heap);

/* Tells that the limit of the source changed: to LIMIT bytes, 0 for none. */
void heap_limit_changed(struct heap *heap, size_t limit);

/* Empties every thread cache of the heap, and gives the extents that become
 * free back to the source. */
void heap_drain(struct heap *heap);

/* The same, and has the source give back every page that is in no span. */
void heap_trim(struct heap *heap);

struct heap_stats {
	size_t live, cached;       /* bytes */
	size_t active;             /* of extents that they lie in */
	uint64_t requests, blocks; /* handed out ever; and now */
};
void heap_stats(struct heap *heap, struct heap_stats *stats);

/* Whether arenas and source agree on what is handed out: extents that are in
 * use or wait in the arenas are the source's spans. */
bool heap_is_sound(struct heap *heap);

#endif /* ARENA_HEAP_H */
