/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record_account.c - see record_account.h.
 */
#include "preload/record_account.h"

#include <string.h>

#include "os/os.h"

#define MOVED_BY 32
#define PEAK_BY 256

static void
add(_Atomic uint64_t *to, uint64_t value)
{
	atomic_fetch_add_explicit(to, value, memory_order_relaxed);
}

static void
subtract(_Atomic uint64_t *from, uint64_t value)
{
	atomic_fetch_sub_explicit(from, value, memory_order_relaxed);
}

static uint64_t
value_of(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

/* Adds to what lives, and raises its peak. Returns what lives. */
static uint64_t
add_live(_Atomic uint64_t *live, _Atomic uint64_t *peak, uint64_t bytes)
{
	uint64_t now = bytes +
	    atomic_fetch_add_explicit(live, bytes, memory_order_relaxed);
	uint64_t most = value_of(peak);

	while (now > most &&
	    !atomic_compare_exchange_weak_explicit(
		peak, &most, now, memory_order_relaxed, memory_order_relaxed))
		;
	return now;
}

/* ---- Snapshots ----------------------------------------------------------- */

static struct recording_snapshot
take_row(struct recording_part *part, uint32_t row)
{
	struct recording_snapshot snapshot = {
		.ns = os_now_ns(),
		.live = value_of(&part->live),
		.row = row,
		.sites = (uint32_t)min_size(
		    atomic_load(&part->sites), RECORDING_SITES),
	};

	for (uint32_t i = 0; i < snapshot.sites; i++)
		part->row[row][i] = value_of(&part->site[i].live);
	return snapshot;
}

/* A row that no snapshot of the list has; there are as many as snapshots. */
static uint32_t
free_row(const struct recording_snapshots *list)
{
	uint8_t used[RECORDING_SNAPSHOTS] = { 0 };
	uint32_t row = 0;

	for (uint32_t i = 0; i < list->count; i++)
		used[list->list[i].row] = 1;
	while (row < RECORDING_SNAPSHOTS - 1 && used[row] != 0)
		row++;
	return row;
}

/* The new list is whole before it is the one that is read. */
static struct recording_snapshots *
drop_every_second(struct recording_part *part)
{
	uint32_t choice = atomic_load(&part->snapshot_choice);
	const struct recording_snapshots *from = &part->snapshots[choice];
	struct recording_snapshots *to = &part->snapshots[!choice];

	for (uint32_t i = 0; i < RECORDING_SNAPSHOTS / 2; i++)
		to->list[i] = from->list[2 * i + 1];
	to->count = RECORDING_SNAPSHOTS / 2;
	atomic_store(&part->snapshot_choice, !choice);
	part->snapshot_skip *= 2;
	return to;
}

static void
take_snapshot(struct recording_part *part)
{
	struct recording_snapshots
	    *list = &part->snapshots[atomic_load(&part->snapshot_choice) & 1];
	struct recording_snapshot snapshot;

	if (++part->snapshot_turn % part->snapshot_skip != 0)
		return;
	if (list->count >= RECORDING_SNAPSHOTS)
		list = drop_every_second(part);
	snapshot = take_row(part, free_row(list));
	list->list[list->count] = snapshot;
	atomic_thread_fence(memory_order_release);
	list->count++;
}

static void
take_peak(struct recording_part *part)
{
	uint32_t next = !atomic_load(&part->peak_choice);

	part->peak_at[next] = take_row(part, RECORDING_SNAPSHOTS + next);
	atomic_store(&part->peak_choice, next);
	atomic_store(&part->peak_live, part->peak_at[next].live);
}

static __attribute__((noinline, cold)) void
take_one(struct recording_part *part, void (*take)(struct recording_part *part))
{
	uint32_t nobody = 0;

	if (!atomic_compare_exchange_strong(
		&part->snapshots_are_taken, &nobody, 1))
		return;
	take(part);
	atomic_store(&part->snapshots_are_taken, 0);
}

static void
look_at_move(struct recording_part *part, uint64_t live)
{
	uint64_t last = value_of(&part->snapshot_live);
	uint64_t moved = live > last ? live - last : last - live;

	if (likely(moved <= value_of(&part->peak) / MOVED_BY))
		return;
	atomic_store(&part->snapshot_live, live);
	take_one(part, take_snapshot);
}

/* Before a block goes. */
static void
look_at_peak(struct recording_part *part)
{
	uint64_t live = value_of(&part->live),
		 kept = value_of(&part->peak_live);

	if (unlikely(live > kept + kept / PEAK_BY))
		take_one(part, take_peak);
}

/* ---- Blocks -------------------------------------------------------------- */

static uint64_t
bytes_of(const struct record_block *block)
{
	return (uint64_t)((unsigned __int128)block->size * block->weight /
	    RECORDING_ONE);
}

static struct recording_size *
size_of(struct recording_site *site, const struct record_block *block)
{
	return &site->size[recording_size_class(block->size)];
}

static void
note_thread(struct recording_site *site, uint32_t thread)
{
	_Atomic uint64_t *word = &site->threads[thread / 64 % 4];
	uint64_t bit = UINT64_C(1) << thread % 64;

	if ((value_of(word) & bit) == 0)
		atomic_fetch_or(word, bit);
}

static void
count(struct recording_part *part, const struct record_block *block,
    uint32_t thread)
{
	struct recording_site *site = &part->site[block->site];
	struct recording_size *size = size_of(site, block);

	add(&size->blocks, block->weight);
	add(&size->bytes, bytes_of(block));
	note_thread(site, thread);
}

void
record_count_block(struct recording_part *part,
    const struct record_block *block, uint32_t thread)
{
	struct recording_site *site = &part->site[block->site];
	struct recording_size *size = size_of(site, block);
	uint64_t bytes = bytes_of(block);

	count(part, block, thread);
	add_live(&size->live, &size->peak, bytes);
	add_live(&site->live, &site->peak, bytes);
	look_at_move(part, add_live(&part->live, &part->peak, bytes));
}

void
record_count_lost(struct recording_part *part, const struct record_block *block,
    uint32_t thread)
{
	count(part, block, thread);
	add(&part->lost_blocks, block->weight);
	add(&part->lost_bytes, bytes_of(block));
}

void
record_count_free(
    struct recording_part *part, const struct record_block *block, uint64_t now)
{
	struct recording_site *site = &part->site[block->site];
	struct recording_size *size = size_of(site, block);
	uint64_t bytes = bytes_of(block);

	look_at_peak(part);
	subtract(&size->live, bytes);
	subtract(&site->live, bytes);
	add(&site->lifetime,
	    (now - block->born) / 1000 * block->weight / RECORDING_ONE);
	look_at_move(part,
	    atomic_fetch_sub_explicit(
		&part->live, bytes, memory_order_relaxed) -
		bytes);
}
