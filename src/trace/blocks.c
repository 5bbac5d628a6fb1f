/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * blocks.c - see blocks.h. Sizes are below TRACE_SIZE_MAX and numbers below
 * 1 << 32, and the sum of all is held to 64 bits.
 */
#include "trace/blocks.h"

#include <stdlib.h>

#include "base/grow.h"

static bool
add_live(struct blocks *blocks, uint64_t size)
{
	if (__builtin_add_overflow(blocks->live, size, &blocks->live))
		return false;
	if (blocks->live > blocks->peak)
		blocks->peak = blocks->live;
	return true;
}

/* There is room for each number to be given back, so that this cannot fail. */
static bool
has_room(struct blocks *blocks)
{
	void *sizes = list_grow(blocks->sizes, blocks->count, &blocks->room,
	    sizeof(*blocks->sizes));
	void *free;

	if (sizes == NULL)
		return false;
	blocks->sizes = sizes;
	free = list_grow(blocks->free, blocks->count, &blocks->free_room,
	    sizeof(*blocks->free));
	if (free == NULL)
		return false;
	blocks->free = free;
	return blocks->count < NO_BLOCK;
}

uint32_t
blocks_add(struct blocks *blocks, uint64_t size)
{
	uint32_t number;

	if (blocks->free_count == 0 && !has_room(blocks))
		return NO_BLOCK;
	if (!add_live(blocks, size))
		return NO_BLOCK;
	number = blocks->free_count > 0 ? blocks->free[--blocks->free_count] :
					  (uint32_t)blocks->count++;
	blocks->sizes[number] = size + 1;
	return number;
}

static bool
is_there(const struct blocks *blocks, uint32_t number)
{
	return number < blocks->count && blocks->sizes[number] != 0;
}

bool
blocks_resize(struct blocks *blocks, uint32_t number, uint64_t size)
{
	if (!is_there(blocks, number))
		return false;
	blocks->live -= blocks->sizes[number] - 1;
	blocks->sizes[number] = size + 1;
	return add_live(blocks, size);
}

bool
blocks_drop(struct blocks *blocks, uint32_t number)
{
	if (!is_there(blocks, number))
		return false;
	blocks->live -= blocks->sizes[number] - 1;
	blocks->sizes[number] = 0;
	blocks->free[blocks->free_count++] = number;
	return true;
}

void
blocks_clear(struct blocks *blocks)
{
	blocks->count = blocks->free_count = 0;
	blocks->live = blocks->peak = 0;
}

void
blocks_end(struct blocks *blocks)
{
	free(blocks->sizes);
	free(blocks->free);
}
