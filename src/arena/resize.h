/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * resize.h - a block made larger or smaller, or moved, by its arena.
 *
 * Called without a lock, with a block that is in use.
 */
#ifndef ARENA_RESIZE_H
#define ARENA_RESIZE_H

#include "arena/lookup.h"

/* Makes the block larger or smaller where it is; false if that can't be. */
bool heap_resize(void *ptr, const struct block *block, size_t size);

/* Moves a small block to another slab, so that its own becomes empty; NULL if
 * that is as full as those of its class are on average, or there is no other
 * place. */
void *heap_defragment(void *ptr, const struct block *block);

#endif /* ARENA_RESIZE_H */
