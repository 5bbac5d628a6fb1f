/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * grow.h - the segments that a source opens with, and more of them later.
 *
 * Each says which locks it wants. All may fail, and then leave nothing behind.
 */
#ifndef SOURCE_GROW_H
#define SOURCE_GROW_H

#include "source/structures.h"

/* The segments of a source that is being opened; REGION is the memory of a
 * SPEC_REGION and NULL otherwise. Under the list's lock. Returns 0 or an error
 * number, and then the segments made by then are in the source's list, for the
 * caller to delete. */
int source_open_segments(struct source *source, char *region);

/*
 * Opens the segments of a source of fixed size that has none yet, a successor
 * after a fork (source_succeed()): most children never allocate from it, and so
 * need no file. Takes both locks. On failure nothing is left behind, and the
 * count of source_freed() goes up: what was short (space, addresses) may come
 * back without a free in this source, so the heap is to try again. False, too,
 * for a region that other sources hold entirely, which gets no segment at all.
 */
bool source_begin(struct source *source);

/*
 * Makes one more segment, with room for BYTES at ALIGNMENT. Takes both locks.
 * The segment is in the address map but in no list, for the caller to append.
 * Two threads that find no room at the same time make two; the second one
 * serves later requests. NULL for a source of fixed size, for a request above
 * half of SOURCE_SEGMENT_MAX, and, as in source_begin(), where the system gives
 * none.
 */
struct segment *source_grow(
    struct source *source, size_t bytes, size_t alignment);

#endif /* SOURCE_GROW_H */
