/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record_perf.c - accesses by samples with addresses, as perf(1) takes them.
 * See recorded.h.
 *
 * A sample is known of some time after it was taken, and counts for the block
 * that lived at its address then. So the program tells of blocks that are freed
 * (rules/recording.h): they are kept here until perf has told of all that
 * happened while they lived, or until there are too many of them. Of several
 * blocks the last counts; what lies in no block does not.
 *
 * Owns these lists. Nothing fails: what there is no memory for is not counted.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "tool/clock.h"
#include "tool/commands.h"
#include "tool/record_perf.h"

#define SHARE 20       /* of the time: one part */
#define LONGEST_MS 200 /* less than it takes to go once through all freed */
#define READ_MS 10     /* more than a pipe has room for comes in longer */
#define FREED_MOST RECORDING_FREED
#define LATE_US 10000 /* samples of several processors are nearly in order */

struct block {
	uint64_t low, high, born, died; /* born and died: since the start */
	uint64_t highest;               /* of it and all before it */
	uint32_t site, weight;
};

struct blocks {
	struct block *list;
	size_t count, room;
};

/* Of each process, by its number: those that were freed. */
struct freed {
	struct blocks blocks;
	uint64_t read;
};

struct perf {
	struct perf_program *program;
	struct perf_samples samples;
	struct freed *freed;
	size_t freed_count;
	uint64_t next_ns; /* when the samples are looked at */
};

/* ---- Blocks -------------------------------------------------------------- */

static void
add_block(struct blocks *blocks, const struct block *block)
{
	if (block->site >= RECORDING_SITES || block->low + block->high < 2 ||
	    block->high <= block->low ||
	    !list_has_room(&blocks->list, blocks->count, &blocks->room,
		sizeof(*blocks->list)))
		return;
	blocks->list[blocks->count++] = *block;
}

static void
take_block(void *to, struct recording_block *from)
{
	uint64_t low = atomic_load(&from->address);
	struct block block = { .low = low,
		.high = low + from->size,
		.born = from->born,
		.died = UINT64_MAX,
		.site = from->site,
		.weight = from->weight };

	add_block(to, &block);
}

/* One that is being written is read the next time; one that has been written
 * over is lost. */
static void
take_freed(struct freed *freed, struct recording_part *part)
{
	uint64_t count = atomic_load(&part->freed_count);

	if (count - freed->read > RECORDING_FREED)
		freed->read = count - RECORDING_FREED;
	for (; freed->read < count; freed->read++) {
		struct recording_freed
		    *from = &part->freed[freed->read % RECORDING_FREED];
		uint64_t number = atomic_load(&from->number);
		struct block block = { .low = from->address,
			.high = from->address + from->size,
			.born = from->born,
			.died = from->died,
			.site = from->site,
			.weight = from->weight };

		if (number == 0 && count - freed->read < RECORDING_FREED / 2)
			return;
		atomic_thread_fence(memory_order_acquire);
		if (number == freed->read + 1 &&
		    atomic_load(&from->number) == number)
			add_block(&freed->blocks, &block);
	}
}

/* Drops those that died before US, and the oldest where there are too many. */
static void
drop_freed(struct freed *freed, uint64_t us)
{
	struct blocks *blocks = &freed->blocks;
	size_t first = blocks->count <= FREED_MOST ? 0 :
						     blocks->count - FREED_MOST;
	size_t kept = 0;

	for (size_t i = first; i < blocks->count; i++)
		if (blocks->list[i].died >= us)
			blocks->list[kept++] = blocks->list[i];
	blocks->count = kept;
}

static int
by_address(const void *one, const void *other)
{
	const struct block *a = one, *b = other;

	if (a->low != b->low)
		return a->low < b->low ? -1 : 1;
	return a->born < b->born ? -1 : a->born > b->born;
}

static void
sort(struct blocks *blocks)
{
	uint64_t highest = 0;

	qsort(blocks->list, blocks->count, sizeof(*blocks->list), by_address);
	for (size_t i = 0; i < blocks->count; i++) {
		if (blocks->list[i].high > highest)
			highest = blocks->list[i].high;
		blocks->list[i].highest = highest;
	}
}

/* The block that was at ADDRESS at the time US since the start, or NULL. */
static const struct block *
find_block(const struct blocks *blocks, uint64_t address, uint64_t us)
{
	size_t low = 0, high = blocks->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (blocks->list[middle].low <= address)
			low = middle + 1;
		else
			high = middle;
	}
	while (low-- > 0) {
		const struct block *block = &blocks->list[low];

		if (block->highest <= address)
			return NULL;
		if (address < block->high && block->born <= us &&
		    us <= block->died)
			return block;
	}
	return NULL;
}

/* ---- Samples ------------------------------------------------------------- */

static bool
is_of(const struct perf_sample *sample, const struct process *process)
{
	return sample->pid == process->pid &&
	    sample->us >= process->start_ns / 1000 &&
	    (!process->is_over || sample->us <= process->end_ns / 1000);
}

static bool
has_samples(const struct perf_samples *samples, const struct process *process)
{
	for (size_t i = 0; i < samples->count; i++)
		if (is_of(&samples->list[i], process))
			return true;
	return false;
}

static void
count_samples(const struct perf_samples *samples, const struct blocks *blocks,
    const struct process *process, struct recording_part *part)
{
	for (size_t i = 0; i < samples->count; i++) {
		const struct perf_sample *sample = &samples->list[i];
		const struct block *block;

		if (!is_of(sample, process))
			continue;
		block = find_block(blocks, sample->address,
		    sample->us - process->start_ns / 1000);
		if (block == NULL)
			continue;
		atomic_fetch_add(
		    &part->site[block->site]
			 .size[recording_size_class(block->high - block->low)]
			 .accesses,
		    sample->events * block->weight / RECORDING_ONE);
	}
}

/* What lives is looked at first: a block that is freed meanwhile is then among
 * the freed. */
static void
look_at(struct perf *perf, const struct recording *recording, size_t number)
{
	const struct process *process = &recording->processes[number];
	struct recording_part *part = recording_map(recording, process);
	struct freed *freed = &perf->freed[number];
	struct blocks all = { .count = 0 };
	bool is_wanted = has_samples(&perf->samples, process);
	uint64_t start_us = process->start_ns / 1000;

	if (part == NULL)
		return;
	if (is_wanted)
		recording_each_block(
		    recording, process, part, take_block, &all);
	take_freed(freed, part);
	if (is_wanted) {
		for (size_t i = 0; i < freed->blocks.count; i++)
			add_block(&all, &freed->blocks.list[i]);
		sort(&all);
		count_samples(&perf->samples, &all, process, part);
		free(all.list);
	}
	if (perf->samples.last_us > start_us + LATE_US)
		drop_freed(freed, perf->samples.last_us - LATE_US - start_us);
	recording_unmap(part);
}

/* Room for the freed of each process; those of one that is merged go. */
static bool
follow_processes(struct perf *perf, const struct recording *recording)
{
	struct freed *freed = perf->freed;

	if (recording->count > perf->freed_count) {
		freed = realloc(freed, recording->count * sizeof(*freed));
		if (freed == NULL)
			return false;
		memset(freed + perf->freed_count, 0,
		    (recording->count - perf->freed_count) * sizeof(*freed));
		perf->freed = freed;
		perf->freed_count = recording->count;
	}
	for (size_t i = 0; i < recording->count; i++)
		if (recording->processes[i].is_merged) {
			free(freed[i].blocks.list);
			freed[i].blocks = (struct blocks){ .count = 0 };
		}
	return true;
}

/* Samples may be of processes that are newer than the last look at these. */
static void
look_at_all(struct perf *perf, struct recording *recording)
{
	recording_look(recording);
	if (follow_processes(perf, recording))
		for (size_t i = 0; i < recording->count; i++)
			if (!recording->processes[i].is_merged)
				look_at(perf, recording, i);
	perf->samples.count = 0;
}

/* ---- The whole ----------------------------------------------------------- */

struct perf *
perf_begin(const struct run *run, pid_t pid)
{
	struct perf *perf = calloc(1, sizeof(*perf));

	if (perf == NULL)
		return NULL;
	perf->program = perf_program_start(run, pid);
	if (perf->program != NULL)
		return perf;
	free(perf);
	return NULL;
}

unsigned
perf_look(struct perf *perf, struct recording *recording)
{
	double start = clock_used_ms(), wait;

	perf_program_read(perf->program, &perf->samples);
	if (recording_now_ns() < perf->next_ns)
		return READ_MS;
	look_at_all(perf, recording);
	wait = (clock_used_ms() - start) * SHARE;
	perf->next_ns = recording_now_ns() +
	    (wait < LONGEST_MS ? (uint64_t)wait : LONGEST_MS) * NS_OF_MS;
	return READ_MS;
}

uint64_t
perf_known_ns(const struct perf *perf)
{
	return perf->samples.last_us * 1000;
}

void
perf_end(struct perf *perf, struct recording *recording)
{
	perf_program_end(perf->program, &perf->samples);
	look_at_all(perf, recording);
	if (perf->samples.lost != 0)
		fail("warning: perf lost %" PRIu64 " of %" PRIu64
		     " samples, more than it could tell of in time",
		    perf->samples.lost, perf->samples.all + perf->samples.lost);
	for (size_t i = 0; i < perf->freed_count; i++)
		free(perf->freed[i].blocks.list);
	free(perf->freed);
	free(perf->samples.list);
	free(perf);
}
