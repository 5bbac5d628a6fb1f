/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * door.h - how entry.c finds the pool: see interpose/door.h.
 *
 * Every request is the pool's. Before the pool exists, and in the debug library
 * at all times, no cache is asked first: heap.c then sees each call.
 */
#ifndef VMMALLOC_DOOR_H
#define VMMALLOC_DOOR_H

#include "interpose/door.h"
#include "vmmalloc/log.h"
#include "vmmalloc/pool.h"

#define DOOR_ANY_ALIGNMENT true
#define DOOR_TRACE(...) LOG_TRACE(4, __VA_ARGS__)
#define DOOR_ALOUD true
#define DOOR_CALLED() ((void)0)

static ALWAYS_INLINE void *
door_take(size_t size)
{
	return cache_malloc(
	    atomic_load_explicit(&pool_id, memory_order_relaxed), size);
}

static ALWAYS_INLINE void *
door_take_as(size_t size, size_t bytes)
{
	(void)size;
	return door_take(bytes);
}

static ALWAYS_INLINE bool
door_give(void *ptr)
{
	return cache_free(
	    atomic_load_explicit(&pool_id, memory_order_relaxed), ptr);
}

#endif /* VMMALLOC_DOOR_H */
