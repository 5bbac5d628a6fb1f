/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * routes.h - which rule holds for a request of the calling thread, and from
 * which heap its blocks come, for the quick path.
 *
 * A route is what the rules come to for threads of some names: those that are
 * the same for every pattern of a thread in the rules have one route. It
 * divides all sizes into spans for which one rule is the first that has no
 * condition of where. From the spans follows, for each bin, whether all of its
 * sizes come from one kind, whoever asks; where that kind is open, the bin has
 * the id of its heap.
 *
 * Owns all routes. They are made as threads need them, never change but for
 * their heaps, and stay as long as the process. Takes no lock: routes are a
 * list that only grows, and two threads that make the same one at once have
 * two. Allocates pages of its own; where there are none, a thread has no route
 * and is served from ordinary memory.
 */
#ifndef PRELOAD_ROUTES_H
#define PRELOAD_ROUTES_H

#include <stdatomic.h>

#include "arena/cache.h"
#include "kind/facade.h"
#include "rules/table.h"

/* The sizes from LOW on, up to the next span's. */
struct span {
	uint64_t low;
	uint32_t rule; /* the first without a condition of where */
	bool asks;     /* one before it has such a condition, and might hold */
};

struct route {
	_Atomic uint16_t heap[CACHE_BINS]; /* NO_HEAP: the slow path decides */
	/* That heap's kind, where nothing but it decides; see
	 * route_settled(). */
	_Atomic(poolkind *) kind[CACHE_BINS];
	uint32_t span_count;
	const struct span *spans;
	uint64_t *fits; /* a bit a rule: what thread_matches() says */
	struct route *next;
};

/* What holds for the calling thread; one without heaps and spans at first. */
extern _Thread_local struct route *thread_route
    __attribute__((tls_model("initial-exec"), visibility("hidden")));
extern struct route route_unknown __attribute__((visibility("hidden")));

/* That of a thread with this name, made if need be; NULL without memory. */
struct route *route_of(const struct rules_table *table, const char *name);

/* Which of the rules holds for SIZE bytes, but for those that ask where. */
const struct span *route_span(const struct route *route, uint64_t size);

/* Enters the heaps of kinds anew into all routes: a kind was opened, or cannot
 * be. */
void routes_refresh(const struct rules_table *table);

/* Whether the quick path, and take_large() in heap.c, have blocks of SIZE
 * bytes. */
static inline bool
route_is_quick(const struct route *route, size_t size)
{
	return size <= CACHE_LARGE_MAX &&
	    atomic_load_explicit(&route->heap[bin_for_any(size)],
		memory_order_relaxed) != NO_HEAP;
}

/* Has blocks of SIZE bytes, of which one came from KIND, come from there as
 * long as they come by the quick path, which has them. So where a kind is full
 * it is the next that is asked; the slow path, to which every 128th block of a
 * bin comes, asks the first again. SETTLED: KIND is the first, and will be for
 * every thread that has the route. */
static inline void
route_follow(struct route *route, size_t size, poolkind *kind, bool settled)
{
	unsigned number = bin_for_any(size), heap = poolkind_id(kind);

	/* Most often all stays, and other threads keep the lines. */
	if (atomic_load_explicit(&route->heap[number], memory_order_relaxed) !=
	    heap)
		atomic_store_explicit(
		    &route->heap[number], (uint16_t)heap, memory_order_relaxed);
	kind = settled ? kind : NULL;
	if (atomic_load_explicit(&route->kind[number], memory_order_relaxed) !=
	    kind)
		atomic_store_explicit(
		    &route->kind[number], kind, memory_order_relaxed);
}

/* The kind that a block of SIZE bytes, at most CACHE_SIZE_MAX, comes from, if
 * there is nothing else to be looked at: so the slow path need not ask the
 * rules. NULL: there is. It is to be held against the heap, which another
 * thread may just change, by the other function. */
static inline poolkind *
route_settled(const struct route *route, size_t size)
{
	return atomic_load_explicit(
	    &route->kind[bin_for(size)], memory_order_relaxed);
}

static inline bool
route_leads_to(const struct route *route, size_t size, unsigned heap)
{
	return atomic_load_explicit(
		   &route->heap[bin_for(size)], memory_order_relaxed) == heap;
}

/* Has every bin of a route, which no thread has yet, come from one kind. */
void route_to(struct route *route, poolkind *kind);

#endif /* PRELOAD_ROUTES_H */
