/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay_load.c - the calls of a trace, as threads will make them. See
 * replay.h.
 *
 * They are read in the order of the trace, and divided by threads afterwards.
 * All is mapped, nothing allocated, but what the reader of traces has.
 */
#include "base/base.h"
#include "base/error.h"
#include "tool/commands.h"
#include "tool/replay.h"

struct loading {
	struct replay *replay;
	const struct trace_totals *totals;
	struct rounds rounds;
	struct replay_call *calls; /* in their order, and whose they are */
	uint32_t *threads;
	uint64_t count, room;
};

/* ---- Tables -------------------------------------------------------------- */

/* For each call there may be one that begins a round, and a thread's end. */
static bool
map_tables(struct loading *loading)
{
	const struct trace_totals *totals = loading->totals;
	struct replay *replay = loading->replay;
	bool has_rounds = rounds_begin(&loading->rounds, replay, totals);

	loading->room = 2 * totals->events + 2 * totals->threads;
	loading->calls = replay_map(loading->room, sizeof(*loading->calls));
	loading->threads = replay_map(loading->room, sizeof(*loading->threads));
	replay->threads = replay_map(totals->threads, sizeof(*replay->threads));
	replay->left = replay_map(loading->room, sizeof(*replay->left));
	replay->room = loading->room;
	return has_rounds && loading->calls != NULL &&
	    loading->threads != NULL && replay->threads != NULL &&
	    replay->left != NULL;
}

static void
unmap_tables(struct loading *loading)
{
	rounds_end(&loading->rounds);
	replay_unmap(loading->calls, loading->room, sizeof(*loading->calls));
	replay_unmap(
	    loading->threads, loading->room, sizeof(*loading->threads));
}

void
replay_end(struct replay *replay)
{
	replay_unmap(replay->calls, replay->call_count, sizeof(*replay->calls));
	replay_unmap(replay->slots, replay->slot_count, sizeof(*replay->slots));
	replay_unmap(
	    replay->threads, replay->thread_count, sizeof(*replay->threads));
	replay_unmap(replay->left, replay->room, sizeof(*replay->left));
}

/* ---- By threads ---------------------------------------------------------- */

static void
count_calls(struct loading *loading)
{
	struct replay *replay = loading->replay;
	uint64_t first = 0;

	for (uint64_t i = 0; i < loading->count; i++)
		replay->threads[loading->threads[i]].count++;
	for (uint64_t i = 0; i < replay->thread_count; i++) {
		replay->threads[i].first = first;
		first += replay->threads[i].count;
		replay->threads[i].count = 0;
	}
}

/* Behind the end of a thread come the calls of its later destructors. */
static void
divide(struct loading *loading)
{
	struct replay *replay = loading->replay;

	count_calls(loading);
	for (uint64_t i = 0; i < loading->count; i++) {
		struct replay_thread *to = &replay
						->threads[loading->threads[i]];

		replay->calls[to->first + to->count++] = loading->calls[i];
		to->ends |= replay_operation(&loading->calls[i]) ==
		    TRACE_THREAD_ENDS;
	}
}

/* The pages of the slots are touched, so that they count before. */
static bool
finish(struct loading *loading)
{
	struct replay *replay = loading->replay;

	rounds_finish(&loading->rounds);
	replay->call_count = loading->count;
	replay->calls = replay_map(replay->call_count, sizeof(*replay->calls));
	replay->slots = replay_map(replay->slot_count, sizeof(*replay->slots));
	if (replay->calls == NULL || replay->slots == NULL)
		return false;
	divide(loading);
	for (uint64_t i = 0; i <= replay->slot_count; i++)
		atomic_store(&replay->slots[i].block, NULL);
	return true;
}

/* ---- The file ------------------------------------------------------------ */

/* What is before the process is read as well: the file has no table. */
static int
find_process(struct trace_reader *reader, uint64_t number)
{
	struct trace_process process;
	struct trace_event event;
	int got = trace_next_process(reader, &process);

	while (got > 0 && number-- > 0) {
		do
			got = trace_next_event(reader, &event);
		while (got > 0);
		if (got == 0)
			got = trace_next_process(reader, &process);
	}
	return got;
}

static void
load_event(struct loading *loading, const struct trace_event *event)
{
	struct replay_call calls[2];
	unsigned count = rounds_call(&loading->rounds, event, calls);

	for (unsigned i = 0; i < count; i++) {
		loading->calls[loading->count] = calls[i];
		loading->threads[loading->count++] = event->thread;
	}
}

/* The file may be another one than it was a moment ago. */
static int
load_events(struct loading *loading, struct trace_reader *reader)
{
	const struct trace_totals *totals = loading->totals;
	struct trace_event event;
	uint64_t count = 0;
	int got;

	while ((got = trace_next_event(reader, &event)) > 0) {
		if (event.thread >= totals->threads ||
		    (event.operation != TRACE_THREAD_ENDS &&
			(event.block >= totals->blocks_peak ||
			    ++count > totals->events)) ||
		    loading->count + 2 > loading->room)
			return fail("the trace has changed while it was read");
		load_event(loading, &event);
	}
	if (got < 0)
		return fail("%s", error_text());
	return 0;
}

static int
load(struct loading *loading, const char *path, uint64_t number)
{
	struct trace_reader *reader;
	int status;

	if (!map_tables(loading))
		return fail("no memory for the calls of %s", path);
	reader = trace_open(path);
	if (reader == NULL)
		return fail("%s", error_text());
	status = find_process(reader, number) > 0 ?
	    load_events(loading, reader) :
	    fail("%s", error_text());
	trace_close(reader);
	if (status == 0 && !finish(loading))
		status = fail("no memory for the calls of %s", path);
	return status;
}

int
replay_load(struct replay *replay, const char *path, uint64_t number,
    const struct trace_totals *totals)
{
	struct loading loading = { .replay = replay, .totals = totals };
	int status;

	*replay = (struct replay){ .thread_count = totals->threads };
	status = load(&loading, path, number);
	unmap_tables(&loading);
	if (status != 0)
		replay_end(replay);
	return status;
}
