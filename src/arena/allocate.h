/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * allocate.h - a block of a heap, by the slow path.
 *
 * What cache_malloc() could not serve, and what no cache serves. Called without
 * a lock. NULL when the heap has no room, or nothing for this process: sets
 * neither errno nor a sentence.
 */
#ifndef ARENA_ALLOCATE_H
#define ARENA_ALLOCATE_H

#include "arena/structures.h"

/* Through the thread's cache of the heap, if caches serve SIZE. */
void *heap_allocate_cached(struct heap *heap, size_t size);

/* Past the caches. ZERO: the block is to be zero. ALIGNMENT is a power of
 * two. */
void *heap_allocate_directly(
    struct heap *heap, size_t size, size_t alignment, bool zero);

/* The same where nothing has to be emptied for it; else NULL. */
void *heap_allocate_if_room(
    struct heap *heap, size_t size, size_t alignment, bool zero);

/* Makes the first BYTES of a large block zero, which is the caller's: by giving
 * its pages up, where new ones are zero and that is cheaper. */
void heap_clear(struct heap *heap, void *ptr, size_t bytes);

/* Counts up when an allocation that failed might now succeed: a block came back
 * to an arena or a span to the source, a cache got room in which freed blocks
 * go unnoticed, a limit changed. */
uint64_t heap_epoch(struct heap *heap);

#endif /* ARENA_ALLOCATE_H */
