/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * door.h - how entry.c finds the heap of most blocks: see interpose/door.h.
 *
 * The heap of MEMKIND_DEFAULT serves all sizes but those of the chosen kind.
 * chosen_sizes says which these are once the constructor has opened both kinds;
 * until then each call comes to heap.c.
 */
#ifndef AUTOHBW_DOOR_H
#define AUTOHBW_DOOR_H

#include "interpose/door.h"

#define DOOR_ANY_ALIGNMENT false
#define DOOR_TRACE(...) ((void)0)
#define DOOR_ALOUD false
#define DOOR_CALLED() ((void)0)

/*
 * Sizes from LOW to LOW + SPAN are the chosen kind's. One unsigned subtraction
 * and one comparison test both ends: a size below LOW wraps around to a number
 * that is above SPAN, too. What is below PLAIN is below LOW and of a size that
 * caches serve, so that most requests take one comparison alone, which any
 * library has. A thread that reads these while they change may get a block of
 * the other kind, as from a call before or after.
 */
struct chosen_sizes {
	unsigned heap; /* of MEMKIND_DEFAULT */
	_Atomic size_t plain, low, span;
};
extern struct chosen_sizes chosen_sizes __attribute__((visibility("hidden")));

static ALWAYS_INLINE bool
is_plain(size_t size)
{
	size_t low;

	if (likely(size < atomic_load_explicit(
			      &chosen_sizes.plain, memory_order_relaxed)))
		return true;
	low = atomic_load_explicit(&chosen_sizes.low, memory_order_relaxed);
	return size <= CACHE_SIZE_MAX &&
	    size - low >
	    atomic_load_explicit(&chosen_sizes.span, memory_order_relaxed);
}

static ALWAYS_INLINE void *
door_take(size_t size)
{
	if (unlikely(!is_plain(size)))
		return NULL;
	assume(size <= CACHE_SIZE_MAX);
	return cache_malloc(chosen_sizes.heap, size);
}

static ALWAYS_INLINE void *
door_take_as(size_t size, size_t bytes)
{
	return likely(is_plain(size)) ? cache_malloc(chosen_sizes.heap, bytes) :
					NULL;
}

static ALWAYS_INLINE bool
door_give(void *ptr)
{
	return cache_free(chosen_sizes.heap, ptr);
}

#endif /* AUTOHBW_DOOR_H */
