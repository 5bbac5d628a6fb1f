/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inherit.h - a heap whose memory parent and child of a fork both see.
 */
#ifndef ARENA_INHERIT_H
#define ARENA_INHERIT_H

#include "arena/structures.h"

/* In the child, alone, with all locks of this folder and no cache of the heap
 * left: it begins again, and what it had becomes heap->inherited. */
void heap_leave_behind(struct heap *heap);

/* Closes what that made, sources included. */
void heap_forget_inherited(struct heap *heap);

#endif /* ARENA_INHERIT_H */
