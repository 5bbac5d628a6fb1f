/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * door.h - how entry.c finds the tier of a block: see interpose/door.h. Until
 * the constructor has made the memory there is one of a tier that has no
 * caches, and each call comes to heap.c.
 */
#ifndef MEMTIER_DOOR_H
#define MEMTIER_DOOR_H

#include "interpose/door.h"
#include "memkind/memtier_quick.h"

#define DOOR_ANY_ALIGNMENT false
#define DOOR_TRACE(...) ((void)0)
#define DOOR_ALOUD false
#define DOOR_CALLED() ((void)0)

extern _Atomic(struct memtier_memory *) door_memory
    __attribute__((visibility("hidden")));

static ALWAYS_INLINE void *
door_take(size_t size)
{
	return memtier_take(
	    atomic_load_explicit(&door_memory, memory_order_acquire), size);
}

/* Which memory serves, and what counts, is decided by one size. */
static ALWAYS_INLINE void *
door_take_as(size_t size, size_t bytes)
{
	return size == bytes ? door_take(size) : NULL;
}

static ALWAYS_INLINE bool
door_give(void *ptr)
{
	return memtier_give(
	    atomic_load_explicit(&door_memory, memory_order_acquire), ptr);
}

#endif /* MEMTIER_DOOR_H */
