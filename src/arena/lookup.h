/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lookup.h - from an address to its block.
 *
 * Owns nothing: reads jemalloc's radix tree, without a lock and without
 * trusting the address; lookup.c says why that is right. Called at any time, by
 * anybody.
 */
#ifndef ARENA_LOOKUP_H
#define ARENA_LOOKUP_H

#include "arena/structures.h"

/* What the radix tree says of a block. */
struct block {
	struct heap *heap; /* NULL: no block */
	struct arena_slot *slot;
	size_t usable;
	bool slab; /* small: one of many in its extent */
};

/* Looks PTR up, which may be anything. */
struct block block_lookup(const void *ptr);

/* The block that ADDR, any address, is in, and the owner of its source; false
 * if in none. May be called in a signal handler, and while a heap is closed:
 * its heap is no more than a sign then. */
bool block_lookup_around(
    const void *addr, struct block *block, void **start, void **owner);

#endif /* ARENA_LOOKUP_H */
