/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record_blocks.h - the blocks of a process that live, by address, and what is
 * known of the accesses to ranges of addresses, which is shared out to them.
 *
 * Owned by whoever read them, until live_blocks_end(). The command has one
 * thread; no locks. Without memory there are no blocks, and that is said.
 */
#ifndef TOOL_RECORD_BLOCKS_H
#define TOOL_RECORD_BLOCKS_H

#include "tool/recorded.h"

struct live_block {
	uint64_t low, high;
	double bytes; /* that it stands for */
	struct recording_size *counts;
};

struct live_blocks {
	struct recording_part *part;
	struct live_block *list;
	size_t count, room;
	bool failed;
};

/* False where there is no block. To be ended all the same. */
bool live_blocks_read(struct live_blocks *blocks,
    const struct recording *recording, const struct process *process);
void live_blocks_end(struct live_blocks *blocks);

/* TOUCHED bytes from LOW to HIGH, nobody knows of which blocks: each has its
 * part by its bytes there, and at most these. */
void live_blocks_touched(const struct live_blocks *blocks, uint64_t low,
    uint64_t high, uint64_t touched);

/* All bytes from LOW to HIGH, TIMES. */
void live_blocks_accessed(const struct live_blocks *blocks, uint64_t low,
    uint64_t high, double times);

#endif /* TOOL_RECORD_BLOCKS_H */
