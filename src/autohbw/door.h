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

/*
 * Sizes from LOW to LOW + SPAN are the chosen kind's. One unsigned subtraction
 * and one comparison test both ends: a size below LOW wraps around to a number
 * that is above SPAN, too. A thread that reads the two while they change may
 * get a block of the other kind, as from a call before or after.
 */
struct chosen_sizes {
	unsigned heap; /* of MEMKIND_DEFAULT */
	_Atomic size_t low, span;
};
extern struct chosen_sizes chosen_sizes __attribute__((visibility("hidden")));

static inline unsigned
door_heap(void)
{
	return chosen_sizes.heap;
}

static inline bool
door_is_plain(size_t size)
{
	size_t low = atomic_load_explicit(
	    &chosen_sizes.low, memory_order_relaxed);

	return size - low >
	    atomic_load_explicit(&chosen_sizes.span, memory_order_relaxed);
}

#endif /* AUTOHBW_DOOR_H */
