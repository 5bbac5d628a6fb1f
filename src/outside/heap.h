/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * heap.h - what the heaps of a kind in another process hold.
 *
 * The same sums as heap_stats() makes inside (arena/heap.c). A heap that is
 * being changed meanwhile is read again by the caller: see kind.c. Owns the
 * list of caches that were met.
 */
#ifndef OUTSIDE_HEAP_H
#define OUTSIDE_HEAP_H

#include "outside/engine.h"

/* A cache, and how often it had been changed: by these one reading is compared
 * with the next. */
struct met {
	uint64_t address, serial, changes;
};

struct mets {
	struct met *met;
	size_t count, room;
};

struct heap_numbers {
	uint64_t live, cached, active, requests, blocks;
};

enum reading {
	READ,
	READ_AGAIN, /* it was being changed */
	READ_MOVED, /* right, but blocks went from arenas to caches or back */
};

/* Sets NUMBERS to what the heap at ADDRESS holds. SPARE keeps its memory from
 * one call to the next. */
enum reading heap_read(const struct remote *remote, const struct engine *engine,
    uint64_t address, struct mets *spare, struct heap_numbers *numbers);

#endif /* OUTSIDE_HEAP_H */
