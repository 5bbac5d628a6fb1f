/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recorder.h - what hears of blocks that come and go: the recording of what
 * sites do (record.h), of those of slow paths, or the trace of all calls
 * (trace.h), of every one; whichever the command asked for.
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

/* Whether the kinds of blocks are wanted. */
bool recorder_wants_kinds(void);

/* A block that came of a request, by a call that returns to CALLER. */
struct recorded_block {
	const void *ptr;
	size_t size, alignment; /* 0: none in particular */
	bool is_zero;
	const void *caller;
	uint16_t kind; /* of the rules, plus one; 0: ordinary, or not wanted */
	struct recording_choice choice; /* while sites are recorded */
};
void recorder_block(const struct recorded_block *block);

/* Whether that does anything. */
static inline bool
recorder_wants(size_t size, const struct recording_choice *choice)
{
	return recorder != RECORDER_SITES || record_wants(size, choice);
}

/* Before a block is freed by a slow path. */
void recorder_free(const void *ptr);

/* Before a block is resized; then one of the two that follow. */
void recorder_resize(const void *ptr, struct record_resize *resize);
void recorder_resized(
    const struct recorded_block *now, const struct record_resize *resize);
void recorder_not_resized(const void *ptr, const struct record_resize *resize);

#endif /* PRELOAD_RECORDER_H */
