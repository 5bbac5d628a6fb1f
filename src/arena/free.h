/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * free.h - the way of a block back to its heap.
 *
 * Called without a lock, with any pointer but NULL: one that is no block of any
 * heap is answered. A block of the heap does not fail to go back. errno stays,
 * but for what is said.
 */
#ifndef ARENA_FREE_H
#define ARENA_FREE_H

#include <stdbool.h>

/* Frees a block of the heap with the id, or alias, ID; a block of another heap
 * goes to that one. False, with EINVAL and a sentence, when PTR is no block of
 * any. */
bool heap_free(unsigned id, void *ptr);

/* The same for a block of whatever heap. */
bool heap_free_any(void *ptr);

/* The same, for those to whom it is no error when PTR is no block of any. */
bool heap_free_if_any(void *ptr);

/* The same for a block that counts (count.h), and does not any more. */
bool heap_free_counted(void *ptr);

/* The bin of a block whose page is watched (recording.h), so that the page bin
 * index does not have it; 0: none takes it. */
unsigned heap_watched_bin(const void *ptr);

#endif /* ARENA_FREE_H */
