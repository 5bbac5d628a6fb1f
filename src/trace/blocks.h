/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * blocks.h - the blocks of a trace that live: their numbers and their sizes,
 * the same for who writes it and for who reads it (trace.h).
 *
 * Owns lists of its own, allocated by malloc. No locks. What fails is memory,
 * and, of what is read, a number that no block has.
 */
#ifndef TRACE_BLOCKS_H
#define TRACE_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NO_BLOCK UINT32_MAX

struct blocks {
	uint64_t *sizes; /* plus one; 0: there is no such block */
	size_t count, room;
	uint32_t *free; /* numbers that were given back */
	size_t free_count, free_room;
	uint64_t live, peak;
};

/* The number of a new block; NO_BLOCK without memory. */
uint32_t blocks_add(struct blocks *blocks, uint64_t size);

/* False where there is no such block. */
bool blocks_resize(struct blocks *blocks, uint32_t number, uint64_t size);
bool blocks_drop(struct blocks *blocks, uint32_t number);

/* There are none, and never were. */
void blocks_clear(struct blocks *blocks);
void blocks_end(struct blocks *blocks);

#endif /* TRACE_BLOCKS_H */
