/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recorder.h - what hears of every block that comes and goes: the recording of
 * what sites do (record.h), or the trace of all calls (trace.h), whichever the
 * command asked for.
 *
 * Owns which of them is on; that is set once, before the program's first
 * request is served by rules. Called by heap.c, by any thread, in signal
 * handlers. No lock; nothing fails.
 */
#ifndef PRELOAD_RECORDER_H
#define PRELOAD_RECORDER_H

#include "preload/record.h"

enum recorder { RECORDER_NONE, RECORDER_SITES, RECORDER_TRACE };

extern enum recorder recorder HIDDEN;

static inline bool
recorder_is_on(void)
{
	return recorder != RECORDER_NONE;
}

/* Looks for what the command asked for. Once, by one thread. */
void recorder_start(void);

/* Whether the kind of a block is wanted, which is a question of its size and of
 * the rules. */
bool recorder_wants_kind(size_t size);

/* A block that came of a request, by a call that returns to CALLER. */
struct recorded_block {
	const void *ptr;
	size_t size, alignment; /* 0: none in particular */
	bool is_zero;
	const void *caller;
	uint16_t kind; /* of the rules, plus one; 0: ordinary, or not wanted */
};
void recorder_block(const struct recorded_block *block);

/* Whether it comes to this alone, which is quick: recorder_count(). */
static ALWAYS_INLINE bool
recorder_counts_only(size_t size)
{
	return recorder == RECORDER_SITES && record_counts_only(size);
}

static ALWAYS_INLINE void
recorder_count(size_t size)
{
	record_count(size);
}

/* Before a block is freed. */
void recorder_free(const void *ptr);

/* Whether that may do anything. */
static ALWAYS_INLINE bool
recorder_may_have(const void *ptr)
{
	return recorder != RECORDER_SITES || record_may_have(ptr);
}

/* Before a block is resized; then one of the two that follow. */
void recorder_resize(const void *ptr, struct record_resize *resize);
void recorder_resized(
    const struct recorded_block *now, const struct record_resize *resize);
void recorder_not_resized(const void *ptr, const struct record_resize *resize);

#endif /* PRELOAD_RECORDER_H */
