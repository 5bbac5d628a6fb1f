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

#include "base/base.h"
#include "tool/clock.h"
#include "tool/commands.h"
#include "tool/record_blocks.h"

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

/* ---- The kernel's side --------------------------------------------------- */

static void
read_maps(const struct live_blocks *blocks, FILE *maps)
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
			live_blocks_touched(blocks, low, high, touched * KIB);
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
	struct live_blocks blocks;
	bool is_wanted = live_blocks_read(&blocks, recording, process);
	FILE *maps = is_wanted ? open_of(process, "smaps", "re") : NULL;

	if (maps != NULL) {
		read_maps(&blocks, maps);
		fclose(maps);
	}
	if (blocks.part != NULL)
		clear(process);
	live_blocks_end(&blocks);
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
