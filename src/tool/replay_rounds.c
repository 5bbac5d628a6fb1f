/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay_rounds.c - where the blocks of a replay are, and which calls may be
 * made side by side. See replay.h.
 */
#include <sys/mman.h>

#include "base/base.h"
#include "tool/replay.h"

#define ROUND_CALLS 8192
#define ROUND_PART 256
#define ROUND_LEAST (64 * KIB)

/* A block that lives. */
struct placed {
	uint64_t size;
	uint32_t slot;
};

/* What a thread has of a round: bytes allocated less bytes freed. */
struct share {
	uint32_t round; /* that this is of, plus one */
	int64_t now, most;
};

/* ---- Tables -------------------------------------------------------------- */

void *
replay_map(uint64_t count, size_t each)
{
	size_t bytes;
	void *table;

	if (__builtin_mul_overflow(count + 1, each, &bytes))
		return NULL;
	table = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return table == MAP_FAILED ? NULL : table;
}

void
replay_unmap(void *table, uint64_t count, size_t each)
{
	if (table != NULL)
		munmap(table, (count + 1) * each);
}

/* As many slots may be free as there were blocks, and calls in a round. */
static uint64_t
numbers_room(const struct trace_totals *totals)
{
	return totals->blocks_peak + 2 * ROUND_CALLS;
}

bool
rounds_begin(struct rounds *rounds, struct replay *replay,
    const struct trace_totals *totals)
{
	*rounds = (struct rounds){ .replay = replay,
		.totals = totals,
		.are_wanted = totals->threads > 1 };
	rounds->placed = replay_map(
	    totals->blocks_peak, sizeof(*rounds->placed));
	rounds->shares = replay_map(totals->threads, sizeof(*rounds->shares));
	rounds->numbers = replay_map(
	    numbers_room(totals), sizeof(*rounds->numbers));
	return rounds->placed != NULL && rounds->shares != NULL &&
	    rounds->numbers != NULL;
}

void
rounds_end(struct rounds *rounds)
{
	const struct trace_totals *totals = rounds->totals;

	replay_unmap(
	    rounds->placed, totals->blocks_peak, sizeof(*rounds->placed));
	replay_unmap(rounds->shares, totals->threads, sizeof(*rounds->shares));
	replay_unmap(
	    rounds->numbers, numbers_room(totals), sizeof(*rounds->numbers));
}

/* ---- Slots --------------------------------------------------------------- */

static uint32_t
take_slot(struct rounds *rounds)
{
	uint32_t slot;

	if (rounds->ready == 0)
		return (uint32_t)rounds->slot_count++;
	slot = rounds->numbers[--rounds->ready];
	rounds->numbers[rounds->ready] = rounds->numbers[--rounds->free];
	return slot;
}

/* From the next round on it may be of another block; with no rounds at once. */
static void
give_slot(struct rounds *rounds, uint32_t slot)
{
	rounds->numbers[rounds->free++] = slot;
	if (!rounds->are_wanted)
		rounds->ready = rounds->free;
}

/* ---- Rounds -------------------------------------------------------------- */

static void
end_round(struct rounds *rounds)
{
	rounds->replay->round_count++;
	rounds->ready = rounds->free;
	rounds->calls = 0;
	rounds->most = 0;
}

static int64_t
growth_by(const struct rounds *rounds, const struct trace_event *event)
{
	int64_t before;

	if (event->operation == TRACE_THREAD_ENDS)
		return 0;
	before = (int64_t)rounds->placed[event->block].size;
	if (event->operation == TRACE_FREE)
		return -before;
	return (int64_t)event->size -
	    (event->operation == TRACE_REALLOC ? before : 0);
}

/* By how much the round's most gets more, if the call is in it. */
static int64_t
rise_by(const struct share *share, int64_t growth)
{
	return share->now + growth > share->most ?
	    share->now + growth - share->most :
	    0;
}

static bool
fits_in_round(const struct rounds *rounds, int64_t rise)
{
	uint64_t most = rounds->totals->live_peak / ROUND_PART;

	return rounds->calls == 0 ||
	    (rounds->calls < ROUND_CALLS &&
		rounds->most + rise <= (int64_t)max_size(most, ROUND_LEAST));
}

/* The thread comes to the round, unless it is in it. */
static bool
join_round(struct rounds *rounds, uint32_t thread)
{
	uint64_t round = rounds->replay->round_count;
	struct share *share = &rounds->shares[thread];

	if (share->round == round + 1)
		return false;
	*share = (struct share){ .round = (uint32_t)round + 1 };
	atomic_fetch_add(&rounds->replay->left[round], 1);
	return true;
}

/* Before each call. Whether the thread comes to another round with it. */
static bool
put_into_round(struct rounds *rounds, const struct trace_event *event)
{
	int64_t growth = growth_by(rounds, event);
	struct share none = { .round = 0 }, *share;
	bool joins;

	share = &rounds->shares[event->thread];
	if (share->round != rounds->replay->round_count + 1)
		share = &none;
	if (!fits_in_round(rounds, rise_by(share, growth)))
		end_round(rounds);
	joins = join_round(rounds, event->thread);
	share = &rounds->shares[event->thread];
	rounds->calls++;
	rounds->most += rise_by(share, growth);
	share->now += growth;
	if (share->now > share->most)
		share->most = share->now;
	return joins;
}

/* ---- Calls --------------------------------------------------------------- */

static struct replay_call
call_of(struct rounds *rounds, const struct trace_event *event)
{
	struct replay_call call = { .what = replay_what(event->operation,
					event->lg_alignment, event->size) };
	struct placed *placed = &rounds->placed[event->block];

	if (event->operation == TRACE_FREE) {
		call.what = replay_what(TRACE_FREE, 0, 0);
		call.slot = placed->slot;
		give_slot(rounds, placed->slot);
		return call;
	}
	placed->size = event->size;
	call.from = placed->slot;
	if (event->operation != TRACE_REALLOC || rounds->are_wanted) {
		if (event->operation == TRACE_REALLOC)
			give_slot(rounds, placed->slot);
		placed->slot = take_slot(rounds);
	}
	call.slot = placed->slot;
	return call;
}

unsigned
rounds_call(struct rounds *rounds, const struct trace_event *event,
    struct replay_call calls[2])
{
	unsigned count = 0;

	if (rounds->are_wanted && put_into_round(rounds, event))
		calls[count++] = (struct replay_call){
			.what = replay_what(
			    REPLAY_ROUND, 0, rounds->replay->round_count)
		};
	calls[count++] = event->operation == TRACE_THREAD_ENDS ?
	    (struct replay_call){ .what = replay_what(
				      TRACE_THREAD_ENDS, 0, 0) } :
	    call_of(rounds, event);
	return count;
}

void
rounds_finish(struct rounds *rounds)
{
	if (rounds->calls > 0)
		end_round(rounds);
	rounds->replay->slot_count = rounds->slot_count;
}
