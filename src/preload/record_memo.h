/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record_memo.h - the sites of stacks that a thread has walked lately, so that
 * it walks each but once.
 *
 * A program allocates from few stacks again and again. A walk of one costs some
 * ten nanoseconds a frame, the search for its site as much again; to see that
 * the stack is still the one that was walked (walk.h) costs one for each.
 *
 * Owns a table of each thread's, of MEMO_BYTES that are touched as far as they
 * are used, from its 32nd walk on until it ends. Called by the thread,
 * while it records. Takes no lock. Without memory each stack is walked.
 */
#ifndef PRELOAD_RECORD_MEMO_H
#define PRELOAD_RECORD_MEMO_H

#include "preload/walk.h"

struct record_memo {
	struct walk_trail trail;
	const void *caller;
	uint32_t part, closings, site;
	uint16_t kind;
};

/* The thread's memo for a stack that begins with FRAME and has the function
 * that returns to CALLER, which may be of another; NULL: it has none. */
struct record_memo *record_memo_of(const void *frame, const void *caller);

/* Whether it is of that stack, of blocks of the kind KIND in a part. */
bool record_memo_holds(const struct record_memo *memo, const void *frame,
    const void *caller, uint32_t part, uint16_t kind);

/* The calling thread will say when it ends, as it does: from then on it has no
 * memos. */
void record_memo_begin_thread(void);
void record_memo_end_thread(void);

#endif /* PRELOAD_RECORD_MEMO_H */
