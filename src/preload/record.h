/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record.h - what a program does with its memory, written for the command
 * `poolkind record`: by call site, every large block, and a sample of the small
 * ones (rules/recording.h).
 *
 * Which small ones, the engine chooses (arena/recording.h), so that no other
 * costs anything: what comes here from heap.c are the blocks of slow paths. How
 * many there are of each bin the engine tells as well. The pages of recorded
 * blocks are watched, so that they come here when they are freed. The more
 * small blocks were recorded, the fewer are chosen from then on; the more large
 * ones, the larger are those of which each is recorded, unless the command says
 * from where on.
 *
 * Called by any thread, in signal handlers. Owns what each thread counts. Takes
 * no lock, allocates nothing but a key of pthread_key_create(3) at the start.
 * Nothing fails: what has no room is counted as that.
 *
 * A recorded block that is resized stays at its site, as it stays in its kind,
 * and counts as one freed and one allocated, but for a small one that stays
 * where it is.
 */
#ifndef PRELOAD_RECORD_H
#define PRELOAD_RECORD_H

#include "arena/recording.h"
#include "preload/record_blocks.h"
#include "preload/record_part.h"

/* Looks for a recording. Once, by one thread, before others record. */
void record_start(void);

/* A block of SIZE bytes that a call which returns to CALLER got from the rules'
 * kind KIND less one, or ordinary memory where that is 0. CHOICE: what the
 * engine says of it. */
void record_block(const void *ptr, size_t size, const void *caller,
    uint16_t kind, const struct recording_choice *choice);

/* From how many bytes on each block is recorded: as the engine knows it. */
extern struct heap_recorder record_bins HIDDEN;
static inline size_t
record_all_from(void)
{
	return atomic_load_explicit(
	    &record_bins.all_from, memory_order_relaxed);
}

/* Whether the block is recorded, or may be. */
static inline bool
record_wants(size_t size, const struct recording_choice *choice)
{
	return choice->is_chosen || size >= record_all_from();
}

/* Before a block is freed by a slow path. */
void record_free(const void *ptr);

/* ---- Resizing ------------------------------------------------------------ */

/* Before a block is resized: takes it out. Behind: NOW is the block that came
 * of it, or PTR with its old size where there came none. */
struct record_resize {
	const void *ptr;
	struct record_block block;
	bool is_known;
};
void record_resize_begin(const void *ptr, struct record_resize *resize);
void record_resize_failed(const void *ptr, const struct record_resize *resize);
void record_resize_done(const void *now, size_t size, const void *caller,
    uint16_t kind, const struct recording_choice *choice,
    const struct record_resize *resize);

#endif /* PRELOAD_RECORD_H */
