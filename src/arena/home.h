/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * home.h - which heap the blocks near an address are likely to be of.
 *
 * A byte of the page bin index needs its segment, and the segment a heap; who
 * frees blocks of many kinds in turn, and names none, has neither. Here is the
 * id of a heap for each 2 MiB, at which segments begin and end
 * (source/segment.h), entered when an arena hands blocks out and when one is
 * found in the radix tree.
 *
 * No more than a hint, which any thread may write at any time: the cache that
 * is found by it takes nothing that is not of its own segment. So an entry may
 * be old, and addresses 128 GiB apart share one. What a thread remembers comes
 * next (thread->recent): so two threads, each with a kind of its own that is
 * that large, do not write the same entries in turn.
 *
 * Owns the table. Without a lock. Cannot fail.
 */
#ifndef ARENA_HOME_H
#define ARENA_HOME_H

#include "arena/structures.h"

#define HOMES 65536
extern _Atomic uint16_t heap_homes[HOMES];

/* The entry for PTR, which may be anything; here, or in a table like this one
 * (preload/door.h). */
static ALWAYS_INLINE size_t
home_index(const void *ptr)
{
	return (uintptr_t)ptr / (2 * MIB) % HOMES;
}

/* Enters a heap for a block of it. Writes only what changes: other processors
 * read the line. */
static inline void
home_learn(unsigned id, const void *ptr)
{
	_Atomic uint16_t *home = &heap_homes[home_index(ptr)];

	if (unlikely(atomic_load_explicit(home, memory_order_relaxed) != id))
		atomic_store_explicit(home, (uint16_t)id, memory_order_relaxed);
}

/* The id of the heap that PTR, which may be anything, is likely to be of. */
static inline unsigned
home_of(const void *ptr)
{
	return atomic_load_explicit(
	    &heap_homes[home_index(ptr)], memory_order_relaxed);
}

#endif /* ARENA_HOME_H */
