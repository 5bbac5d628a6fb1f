/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record_blocks.h - the recorded blocks of a process that live, by address.
 *
 * Owns the buckets and marks of a part. A block may be in one of two buckets:
 * that of its place in memory, so that neighbours are near each other and the
 * table touches as many pages as the heap is large, or where that is full in
 * one that its address hashes to. A mark says without a look into either that
 * no recorded block is about, which is what most frees of small blocks want to
 * know. The bucket of the hash is looked into only where the first has ever
 * overflowed: it is anywhere in 128 MiB, of which a look takes a page.
 *
 * Called inside malloc, by any thread, in signal handlers. Takes no lock: an
 * address is entered by whoever has the block, and taken out before the block
 * is freed, so that no two are at the same one.
 */
#ifndef PRELOAD_RECORD_BLOCKS_H
#define PRELOAD_RECORD_BLOCKS_H

#include "base/base.h"
#include "rules/recording.h"

/* What is known of a block. */
struct record_block {
	uint64_t size;
	uint64_t born;
	uint32_t weight;
	uint16_t site;
	uint16_t is_apart;
};

/* False, and nothing is done, where both buckets are full. No block with that
 * address is in the table. */
bool record_blocks_enter(struct recording_part *part, const void *ptr,
    const struct record_block *as);

/* Takes the block out, if it is there. */
bool record_blocks_take(
    struct recording_part *part, const void *ptr, struct record_block *was);

static inline _Atomic uint8_t *
record_mark(struct recording_part *part, const void *ptr)
{
	return &part->mark[(uintptr_t)ptr / PAGE_BYTES % RECORDING_MARKS];
}

static inline bool
record_blocks_may_have(struct recording_part *part, const void *ptr)
{
	return atomic_load_explicit(
		   record_mark(part, ptr), memory_order_relaxed) != 0;
}

#endif /* PRELOAD_RECORD_BLOCKS_H */
