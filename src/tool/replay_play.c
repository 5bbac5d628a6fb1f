/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay_play.c - the calls of a trace, made again by as many threads as made
 * them. See replay.h, for why nobody waits for ever.
 *
 * Owns what the threads share: which round it is, which threads have started
 * and how many run. Who ends a round begins the next one, and starts the
 * threads that have their first call there. Those who wait for a round sleep by
 * its number, so that few are woken who have to wait on.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/base.h"
#include "base/error.h"
#include "os/lock.h"
#include "tool/clock.h"
#include "tool/commands.h"
#include "tool/replay.h"

#define STACK_BYTES (256 * KIB)
#define SPINS 200
#define BEDS 64
#define SLEEP_MS 1000

static struct {
	struct replay *replay;
	bool has_rounds;
	_Atomic uint64_t begun; /* rounds */
	uint64_t started;       /* threads; for who begins a round */
	_Atomic uint32_t running;
} all;

/* Goes up when a round begins that has this place among them. */
static _Atomic uint32_t beds[BEDS];

/* ---- Rounds -------------------------------------------------------------- */

static void *run_thread(void *to);

static void
start_thread(struct replay_thread *thread)
{
	pthread_attr_t attributes;
	pthread_t started;
	int error;

	atomic_fetch_add(&all.running, 1);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	error = pthread_create(&started, &attributes, run_thread, thread);
	pthread_attr_destroy(&attributes);
	if (error == 0)
		return;
	fail("cannot start a thread: %s", error_name(error));
	exit(FAILED);
}

/* Those that have their first call in the round, or none at all. */
static void
start_threads(uint64_t round)
{
	const struct replay *replay = all.replay;

	for (; all.started < replay->thread_count; all.started++) {
		struct replay_thread *thread = &replay->threads[all.started];

		if (thread->count == 0)
			continue;
		if (replay_size(&replay->calls[thread->first]) > round)
			return;
		start_thread(thread);
	}
}

static void
begin_round(uint64_t round)
{
	_Atomic uint32_t *bed = &beds[round % BEDS];

	start_threads(round);
	atomic_store(&all.begun, round + 1);
	atomic_fetch_add(bed, 1);
	wake_all(bed);
}

static void
end_round(uint64_t round)
{
	if (atomic_fetch_sub(&all.replay->left[round], 1) == 1)
		begin_round(round + 1);
}

static void
wait_for_round(uint64_t round)
{
	_Atomic uint32_t *bed = &beds[round % BEDS];
	uint32_t turn;

	for (unsigned i = 0; i < SPINS; i++)
		if (atomic_load(&all.begun) > round)
			return;
	for (;;) {
		turn = atomic_load(bed);
		if (atomic_load(&all.begun) > round)
			return;
		wait_while_for(bed, turn, SLEEP_MS);
	}
}

/* ---- Threads ------------------------------------------------------------- */

static void
run_calls(const struct replay_thread *thread)
{
	const struct replay_call *call = &all.replay->calls[thread->first];
	const struct replay_call *end = call + thread->count;
	uint64_t round = UINT64_MAX;

	for (; call < end; call++) {
		if (replay_operation(call) != REPLAY_ROUND) {
			replay_make(call);
			continue;
		}
		if (round != UINT64_MAX)
			end_round(round);
		round = replay_size(call);
		wait_for_round(round);
	}
	if (round != UINT64_MAX)
		end_round(round);
}

/* What the program's thread still had when the program ended, this one has. */
static void *
run_thread(void *to)
{
	const struct replay_thread *thread = to;

	run_calls(thread);
	if (!thread->ends)
		wait_for_round(all.replay->round_count);
	atomic_fetch_sub(&all.running, 1);
	return NULL;
}

static void
play(void)
{
	const struct replay *replay = all.replay;

	if (!all.has_rounds) {
		run_calls(&replay->threads[0]);
	} else if (replay->round_count > 0) {
		begin_round(0);
		wait_for_round(replay->round_count);
	}
}

void
replay_play(struct replay *replay, poolkind *kind, bool touches,
    struct replay_result *result)
{
	double start;

	all.replay = replay;
	all.has_rounds = replay->thread_count > 1;
	replay_make_on(replay, kind, touches);
	start = clock_seconds(CLOCK_MONOTONIC);
	play();
	result->seconds = clock_seconds(CLOCK_MONOTONIC) - start;
	wait_until_zero(&all.running);
	replay_count_failures(result);
}
