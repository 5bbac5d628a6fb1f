/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record_blocks.c - see record_blocks.h.
 */
#include "tool/record_blocks.h"

#include <stdlib.h>

static void
take_block(void *to, struct recording_block *from)
{
	struct live_blocks *blocks = to;
	uint64_t low = atomic_load(&from->address), size = from->size;
	uint32_t site = from->site, weight = from->weight;

	if (blocks->failed || site >= RECORDING_SITES || low + size <= low)
		return;
	if (!list_has_room(&blocks->list, blocks->count, &blocks->room,
		sizeof(*blocks->list))) {
		blocks->failed = true;
		return;
	}
	blocks->list[blocks->count++] = (struct live_block){ low, low + size,
		(double)size * weight / RECORDING_ONE,
		&blocks->part->site[site].size[recording_size_class(size)] };
}

static int
by_address(const void *one, const void *other)
{
	const struct live_block *a = one, *b = other;

	return a->low < b->low ? -1 : a->low > b->low;
}

/* The first that ends behind ADDRESS. */
static size_t
first_behind(const struct live_blocks *blocks, uint64_t address)
{
	size_t low = 0, high = blocks->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (blocks->list[middle].high <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* What a block stands for in a mapping from LOW to HIGH. */
static double
share_of(const struct live_block *block, uint64_t low, uint64_t high)
{
	uint64_t from = block->low > low ? block->low : low;
	uint64_t to = block->high < high ? block->high : high;

	return to <= from ? 0 :
			    block->bytes * (double)(to - from) /
		(double)(block->high - block->low);
}

void
live_blocks_accessed(
    const struct live_blocks *blocks, uint64_t low, uint64_t high, double times)
{
	for (size_t i = first_behind(blocks, low);
	     i < blocks->count && blocks->list[i].low < high; i++)
		atomic_fetch_add(&blocks->list[i].counts->accesses,
		    (uint64_t)(share_of(&blocks->list[i], low, high) * times));
}

void
live_blocks_touched(const struct live_blocks *blocks, uint64_t low,
    uint64_t high, uint64_t touched)
{
	double all = 0, part;

	for (size_t i = first_behind(blocks, low);
	     i < blocks->count && blocks->list[i].low < high; i++)
		all += share_of(&blocks->list[i], low, high);
	if (all <= 0)
		return;
	part = (double)touched / all;
	live_blocks_accessed(blocks, low, high, part < 1 ? part : 1);
}

bool
live_blocks_read(struct live_blocks *blocks, const struct recording *recording,
    const struct process *process)
{
	*blocks = (struct live_blocks){ .part = recording_map(
					    recording, process) };
	if (blocks->part == NULL)
		return false;
	recording_each_block(
	    recording, process, blocks->part, take_block, blocks);
	if (blocks->count != 0)
		qsort(blocks->list, blocks->count, sizeof(*blocks->list),
		    by_address);
	return blocks->count != 0;
}

void
live_blocks_end(struct live_blocks *blocks)
{
	free(blocks->list);
	if (blocks->part != NULL)
		recording_unmap(blocks->part);
}
