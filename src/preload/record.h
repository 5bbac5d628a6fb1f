/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record.h - what a program does with its memory, written for the command
 * `poolkind record`: by call site, every large block, and a sample of the small
 * ones (rules/recording.h).
 *
 * Called by heap.c for each block that comes and goes while a recording is on,
 * by any thread, in signal handlers. Owns what each thread counts. Takes no
 * lock, allocates nothing but a key of pthread_key_create(3) at the start.
 * Nothing fails: what has no room is counted as that.
 *
 * A block that is resized stays at its site, as it stays in its kind, and
 * counts as one freed and one allocated.
 */
#ifndef PRELOAD_RECORD_H
#define PRELOAD_RECORD_H

#include "preload/record_blocks.h"
#include "preload/record_part.h"
#include "preload/record_sample.h"

/* Looks for a recording. Once, by one thread, before others record. */
void record_start(void);

/* A block of SIZE bytes that a call which returns to CALLER got from the rules'
 * kind KIND less one, or ordinary memory where that is 0. */
void record_block(
    const void *ptr, size_t size, const void *caller, uint16_t kind);

/* Whether the kind of a block is wanted, which is a question of its size and of
 * the rules. */
bool record_wants_kind(size_t size);

/* Before a block is freed. */
void record_free(const void *ptr);

/* ---- What most calls come to --------------------------------------------- */

/* What a thread has of the recording. */
struct record_here {
	uint32_t part; /* number of the part that the rest is of, plus one */
	uint32_t number;
	struct recording_thread *counts; /* NULL: the shared one */
	bool is_over;
	struct record_sample sample;
};
extern _Thread_local struct record_here record_here
    __attribute__((tls_model("initial-exec"), visibility("hidden")));

/* Whether a block of SIZE bytes is counted and no more: by record_count() then,
 * in place of record_block(). */
static ALWAYS_INLINE bool
record_counts_only(size_t size)
{
	return record_here.sample.left >= (int64_t)size &&
	    size < record_head->sites_from && record_here.counts != NULL &&
	    record_here.part == record_own->number;
}

static ALWAYS_INLINE void
record_raise(_Atomic uint64_t *counter, uint64_t by)
{
	atomic_store_explicit(counter,
	    atomic_load_explicit(counter, memory_order_relaxed) + by,
	    memory_order_relaxed);
}

static ALWAYS_INLINE void
record_count_own(size_t size)
{
	struct recording_thread *counts = record_here.counts;
	unsigned class = recording_size_class(size);

	record_raise(&counts->blocks[class], 1);
	record_raise(&counts->bytes[class], size);
}

static ALWAYS_INLINE void
record_count(size_t size)
{
	record_here.sample.left -= (int64_t)size;
	record_count_own(size);
}

/* Whether the block may be a recorded one; else record_free() does nothing. */
static ALWAYS_INLINE bool
record_may_have(const void *ptr)
{
	struct recording_part *part = atomic_load_explicit(
	    &record_own->part, memory_order_acquire);

	return (uintptr_t)part <= (uintptr_t)RECORD_NONE ||
	    record_blocks_may_have(part, ptr);
}

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
    uint16_t kind, const struct record_resize *resize);

#endif /* PRELOAD_RECORD_H */
