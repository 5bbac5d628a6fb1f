/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * door.h - how entry.c finds the cache that a block comes from, and the one it
 * goes to: see interpose/door.h.
 *
 * A request. Which kind serves it depends on its size, on the thread, and
 * perhaps on who asks. A route (routes.h) has an answer for each bin, the id of
 * a heap, where all sizes of the bin have the same; a thread has a pointer to
 * the route that holds for it now. NO_HEAP stands where the slow path has to
 * decide. A thread begins with a route that has nothing else, so that its first
 * request of all comes to heap.c, too.
 *
 * A block that is freed. Its kind may be any, so it is looked up by the 2 MiB
 * that it lies in, which belong to one heap, as segments begin and end there
 * (source/segment.h). What an entry says is a hint, kept by heap.c: the cache
 * that is found takes nothing that is not of its own segment. So entries may be
 * old, and two of the addresses, 128 GiB apart, may share one.
 *
 * With one kind, or none, the cache that served the thread's slow path last
 * comes before that: its place does not depend on the pointer, so that no load
 * has to wait for another, as in libvmmalloc. With several kinds the branch
 * would often be mispredicted, which costs more than the loads.
 */
#ifndef PRELOAD_DOOR_H
#define PRELOAD_DOOR_H

#include "arena/home.h"
#include "interpose/door.h"
#include "preload/routes.h"

#define DOOR_ANY_ALIGNMENT false
#define DOOR_TRACE(...) ((void)0)
#define DOOR_ALOUD false

/* Where the request that comes to heap.c next was made. */
extern _Thread_local const void *door_caller
    __attribute__((tls_model("initial-exec"), visibility("hidden")));
#define DOOR_CALLED() (door_caller = __builtin_return_address(0))

extern _Atomic uint16_t door_homes[HOMES] __attribute__((visibility("hidden")));

/* Whether blocks are likely to be of one heap, and none is watched. */
extern _Atomic bool door_expects_one __attribute__((visibility("hidden")));

static ALWAYS_INLINE _Atomic uint16_t *
door_home(const void *ptr)
{
	return &door_homes[home_index(ptr)];
}

/* The thread's cache for blocks of a bin, or NULL. */
static ALWAYS_INLINE struct cache *
door_cache(const struct route *route, unsigned number)
{
	return thread_self->cache[atomic_load_explicit(
	    &route->heap[number], memory_order_relaxed)];
}

static ALWAYS_INLINE void *
door_take_by(const struct route *route, size_t size)
{
	struct cache *cache;
	unsigned number;

	if (unlikely(size > CACHE_SIZE_MAX))
		return NULL;
	number = bin_for(size);
	cache = door_cache(route, number);
	return likely(cache != NULL) ? cache_take(cache, number) : NULL;
}

static ALWAYS_INLINE void *
door_take(size_t size)
{
	return door_take_by(thread_route, size);
}

/* The rules are held against what was asked for. */
static ALWAYS_INLINE void *
door_take_as(size_t size, size_t bytes)
{
	struct cache *cache = door_cache(thread_route, bin_for(size));

	return likely(cache != NULL) ? cache_take(cache, bin_for(bytes)) : NULL;
}

static ALWAYS_INLINE bool
door_give(void *ptr)
{
	size_t offset;

	if (likely(atomic_load_explicit(
		&door_expects_one, memory_order_relaxed)) &&
	    likely(cache_is_as_before(ptr, &offset)))
		return cache_put_as_before(ptr, offset);
	return cache_free(
	    atomic_load_explicit(door_home(ptr), memory_order_relaxed), ptr);
}

#endif /* PRELOAD_DOOR_H */
