/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay.h - what the files of `poolkind replay` share: the calls of one
 * process, as its threads make them again.
 *
 * A replay owns its tables, which are mappings of their own, so that they take
 * nothing from the memory that is measured. What fails is said on standard
 * error. replay_play.c alone has threads.
 */
#ifndef TOOL_REPLAY_H
#define TOOL_REPLAY_H

#include <stdatomic.h>

#include "poolkind.h"
#include "trace/trace.h"

/* ---- Calls --------------------------------------------------------------- */

/*
 * Threads run side by side within a round, a run of calls that are next to each
 * other in the trace, and none begins a round before all are through with the
 * one before. What a thread has allocated in a round less what it has freed is
 * at the most what it was in the trace, however far the others are; a round is
 * closed before the sum of that over its threads would be more than a 256th of
 * the most that lived, or 64 KiB if that is more. So what lives at any moment
 * is what lived in the program when the round began, and so much more.
 *
 * A slot is where a block is, and within a round it is of one block: one call
 * puts it there, and one takes it away, which waits for the former if that has
 * not been made yet. Nobody waits for ever: of the calls that have not been
 * made take the first in the trace. Its thread is at it, as the thread's calls
 * before it are made, and its round has begun, as all rounds before are
 * through; and what it takes was put by a call before it, so it waits for
 * nothing.
 *
 * A process of one thread has no rounds, and nothing is waited for.
 */
struct replay_call {
	uint64_t what; /* size, logarithm of the alignment, operation */
	uint32_t slot; /* where the block goes; of a free, comes from */
	uint32_t from; /* of a block that is resized */
};

/* Beside those of a trace: the thread goes on in the round WHAT has as size. */
#define REPLAY_ROUND TRACE_THREAD

static inline uint64_t
replay_what(
    enum trace_operation operation, unsigned lg_alignment, uint64_t size)
{
	return size | (uint64_t)lg_alignment << 48 | (uint64_t)operation << 56;
}

static inline enum trace_operation
replay_operation(const struct replay_call *call)
{
	return (enum trace_operation)(call->what >> 56);
}

static inline unsigned
replay_lg_alignment(const struct replay_call *call)
{
	return call->what >> 48 & 255;
}

static inline uint64_t
replay_size(const struct replay_call *call)
{
	return call->what & (TRACE_SIZE_MAX - 1);
}

struct replay_slot {
	_Atomic(void *) block; /* NULL: none */
	uint64_t size;
	_Atomic uint32_t is_awaited;
};

struct replay_thread {
	uint64_t first, count; /* of the calls */
	bool ends;             /* before the program does */
};

struct replay {
	struct replay_call *calls; /* thread by thread */
	uint64_t call_count;
	struct replay_thread *threads; /* by their first rounds */
	uint64_t thread_count;
	struct replay_slot *slots;
	uint64_t slot_count;
	_Atomic uint32_t *left; /* of a round: threads that are not through */
	uint64_t round_count, room; /* of LEFT */
};

/* The calls of the process NUMBER, from 0 on, of the trace PATH, which came to
 * TOTALS. 0, or a status to end with. */
int replay_load(struct replay *replay, const char *path, uint64_t number,
    const struct trace_totals *totals);
void replay_end(struct replay *replay);

/* ---- Playing ------------------------------------------------------------- */

struct replay_result {
	double seconds;
	uint64_t failures; /* requests that found no room */
	uint64_t failed_bytes;
};

/* Makes all calls, on KIND, or on this process's malloc if that is NULL. TOUCH:
 * writes to each page of a block, once. Does not return where a thread cannot
 * be started. */
void replay_play(struct replay *replay, poolkind *kind, bool touch,
    struct replay_result *result);

/* ---- One call: replay_call.c --------------------------------------------- */

/* Once, before the first; by one thread. */
void replay_make_on(const struct replay *replay, poolkind *kind, bool touches);

/* Not of REPLAY_ROUND. */
void replay_make(const struct replay_call *call);

void replay_count_failures(struct replay_result *result);

/* ---- The answer: replay_print.c ------------------------------------------ */

struct replay_answer {
	const char *program;
	uint64_t process;
	const char *kind; /* NULL: malloc */
	const struct trace_totals *totals;
	struct replay_result result;
	uint64_t resident; /* at the most, beyond what there was before */
	bool knows_resident;
};

void replay_print(const struct replay_answer *answer);
void replay_print_json(const struct replay_answer *answer);

/* ---- Reading: replay_rounds.c -------------------------------------------- */

/* Of zeros, a mapping of its own. NULL without memory. */
void *replay_map(uint64_t count, size_t each);
void replay_unmap(void *table, uint64_t count, size_t each);

/* What becomes of the events of a process, one after the other: calls, with
 * their slots and rounds. */
struct rounds {
	struct replay *replay; /* its rounds */
	const struct trace_totals *totals;
	bool are_wanted;
	struct placed *placed; /* by the numbers of blocks */
	struct share *shares;  /* by threads */
	uint32_t *numbers;     /* of slots that are free */
	uint64_t ready, free;  /* now, and when the round is over */
	uint64_t slot_count;
	uint64_t calls; /* in the round so far */
	int64_t most;   /* of all shares together */
};

/* False without memory. */
bool rounds_begin(struct rounds *rounds, struct replay *replay,
    const struct trace_totals *totals);

/* The call of an event, and, in CALLS[0], one before it where the thread comes
 * to another round. How many they are. */
unsigned rounds_call(struct rounds *rounds, const struct trace_event *event,
    struct replay_call calls[2]);

/* Behind the last event. */
void rounds_finish(struct rounds *rounds);
void rounds_end(struct rounds *rounds);

#endif /* TOOL_REPLAY_H */
