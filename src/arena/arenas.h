/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arenas.h - the arenas of one heap, and blocks out of them in bulk.
 *
 * Owns nothing but what is in struct heap: the arenas are made when threads
 * need them. Threads are shared out among them by their ordinal, those too that
 * take large blocks alone and so have no cache. Called without a lock, or by
 * who is inside a cache. What fails returns no block.
 */
#ifndef ARENA_ARENAS_H
#define ARENA_ARENAS_H

#include "arena/structures.h"

struct stats_total;

/* Enters an arena for the thread with that ordinal, to allocate: NULL if there
 * is none, or jemalloc has no memory for its records. Where threads meet in it
 * again and again, the heap gets one more. */
struct arena_slot *arenas_enter(struct heap *heap, unsigned ordinal);

/* Takes up to COUNT blocks for a bin, not in the page bin index yet, out of an
 * arena; returns how many. */
unsigned blocks_fetch(struct heap *heap, unsigned ordinal, unsigned number,
    void **block, unsigned count);

/* Gives COUNT blocks of a bin back to their arenas. */
void blocks_return(struct heap *heap, unsigned ordinal, unsigned number,
    void **block, unsigned count);

/* Free space came back to one of the heap's arenas: a failed allocation might
 * now succeed, and something waits to be given back. */
void arenas_got_back(struct heap *heap, struct arena_slot *slot);

/* In a bounded heap, decides whether it is tight: free space of all arenas then
 * meets in the source, at once. */
void arenas_follow_use(struct heap *heap);

/* Gives back to the source all that is free; or what has been free for as long
 * as it is to wait, and returns whether more waits. */
void arenas_purge(struct heap *heap);
bool arenas_decay(struct heap *heap);

/* Adds what all of them count. */
void arenas_count(struct heap *heap, struct stats_total *total);

#endif /* ARENA_ARENAS_H */
