/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record_referenced.c - accesses by the referenced bits of pages, which any
 * kernel keeps for any user's own processes. See recorded.h.
 *
 * "1" in /proc/PID/clear_refs clears the bits; Referenced: of smaps says for
 * each mapping how much of it was touched since. Large blocks have mappings of
 * their own (preload/record_apart.h); what is touched in a mapping of several
 * is shared out to them by their bytes. An access is thus a byte of a page that
 * was touched in an interval; a huge page counts whole.
 *
 * How long an interval is follows from how much of a processor a look takes:
 * the kernel walks all pages of the process for it, and no more than a
 * twentieth of the time is spent so, between 10 ms and a second. What a look
 * waits for on a busy machine the program waits for as well, and does not
 * count. Owns nothing.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/base.h"
#include "tool/clock.h"
#include "tool/commands.h"
#include "tool/recorded.h"

#define APART_FROM (64 * KIB)
#define MOST_FILE "/proc/sys/vm/max_map_count"
#define SHARE 20 /* of the time: one part */
#define SHORTEST_MS 10
#define LONGEST_MS 1000

uint64_t
referenced_from(void)
{
	return APART_FROM;
}

/* A quarter of what the kernel lets a process have. */
uint32_t
referenced_most(void)
{
	FILE *file = fopen(MOST_FILE, "re");
	unsigned most = 65530;

	if (file != NULL) {
		if (fscanf(file, "%u", &most) != 1)
			most = 65530;
		fclose(file);
	}
	return most / 4;
}

/* ---- Blocks -------------------------------------------------------------- */

struct block {
	uint64_t low, high;
	double bytes; /* that it stands for */
	struct recording_size *counts;
};

struct blocks {
	struct recording_part *part;
	struct block *list;
	size_t count, room;
	bool failed;
};

static void
take_block(void *to, struct recording_block *from)
{
	struct blocks *blocks = to;
	uint64_t low = atomic_load(&from->address), size = from->size;
	uint32_t site = from->site, weight = from->weight;

	if (blocks->failed || site >= RECORDING_SITES || low + size <= low)
		return;
	if (!list_has_room(&blocks->list, blocks->count, &blocks->room,
		sizeof(*blocks->list))) {
		blocks->failed = true;
		return;
	}
	blocks->list[blocks->count++] = (struct block){ low, low + size,
		(double)size * weight / RECORDING_ONE,
		&blocks->part->site[site].size[recording_size_class(size)] };
}

static int
by_address(const void *one, const void *other)
{
	const struct block *a = one, *b = other;

	return a->low < b->low ? -1 : a->low > b->low;
}

/* The first that ends behind ADDRESS. */
static size_t
first_behind(const struct blocks *blocks, uint64_t address)
{
	size_t low = 0, high = blocks->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (blocks->list[middle].high <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* What a block stands for in a mapping from LOW to HIGH. */
static double
share_of(const struct block *block, uint64_t low, uint64_t high)
{
	uint64_t from = block->low > low ? block->low : low;
	uint64_t to = block->high < high ? block->high : high;

	return to <= from ? 0 :
			    block->bytes * (double)(to - from) /
		(double)(block->high - block->low);
}

static void
share_out(
    const struct blocks *blocks, uint64_t low, uint64_t high, uint64_t touched)
{
	size_t first = first_behind(blocks, low);
	double all = 0, part;

	for (size_t i = first; i < blocks->count && blocks->list[i].low < high;
	     i++)
		all += share_of(&blocks->list[i], low, high);
	if (all <= 0)
		return;
	part = (double)touched / all;
	for (size_t i = first; i < blocks->count && blocks->list[i].low < high;
	     i++)
		atomic_fetch_add(&blocks->list[i].counts->accesses,
		    (uint64_t)(share_of(&blocks->list[i], low, high) *
			(part < 1 ? part : 1)));
}

/* ---- The kernel's side --------------------------------------------------- */

static void
read_maps(const struct blocks *blocks, FILE *maps)
{
	uint64_t low = 0, high = 0, from, to, touched;
	char line[512];

	while (fgets(line, sizeof(line), maps) != NULL)
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " ", &from, &to) == 2) {
			low = from;
			high = to;
		} else if (sscanf(line, "Referenced: %" SCNu64, &touched) ==
			1 &&
		    touched != 0) {
			share_out(blocks, low, high, touched * KIB);
		}
}

static FILE *
open_of(const struct process *process, const char *name, const char *mode)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", process->pid, name);
	return fopen(path, mode);
}

static void
clear(const struct process *process)
{
	FILE *file = open_of(process, "clear_refs", "we");

	if (file == NULL)
		return;
	fputs("1", file);
	fclose(file);
}

static void
look_at(const struct recording *recording, const struct process *process)
{
	struct blocks blocks = { .part = recording_map(recording, process) };
	FILE *maps;

	if (blocks.part == NULL)
		return;
	recording_each_block(
	    recording, process, blocks.part, take_block, &blocks);
	maps = open_of(process, "smaps", "re");
	if (maps != NULL && blocks.count != 0) {
		qsort(blocks.list, blocks.count, sizeof(*blocks.list),
		    by_address);
		read_maps(&blocks, maps);
	}
	if (maps != NULL)
		fclose(maps);
	clear(process);
	free(blocks.list);
	recording_unmap(blocks.part);
}

unsigned
referenced_look(const struct recording *recording)
{
	double start = clock_used_ms(), wait;

	for (size_t i = 0; i < recording->count; i++)
		if (!recording->processes[i].is_over)
			look_at(recording, &recording->processes[i]);
	wait = (clock_used_ms() - start) * SHARE;
	if (wait < SHORTEST_MS)
		return SHORTEST_MS;
	return wait > LONGEST_MS ? LONGEST_MS : (unsigned)wait;
}
