/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report.c - what VMMALLOC_LOG_STATS=1 writes when the process ends.
 *
 * First a few lines for people, then jemalloc's statistics: of the memory that
 * it has outside the pool, and of everything.
 */
#include "vmmalloc/heap.h"

#include <stdio.h>

#include "vmmalloc/arenas.h"
#include "vmmalloc/log.h"
#include "vmmalloc/pool.h"
#include "vmmalloc/report.h"

static size_t
read_number(const char *name)
{
	size_t value = 0, length = sizeof(value);

	je_mallctl(name, &value, &length, NULL, 0);
	return value;
}

static size_t
read_of_arena(unsigned index, const char *what)
{
	char name[64];

	snprintf(name, sizeof(name), "stats.arenas.%u.%s", index, what);
	return read_number(name);
}

/* Bytes of blocks that the program holds from an arena. */
static size_t
bytes_live(unsigned index)
{
	size_t blocks = read_of_arena(index, "small.allocated") +
	    read_of_arena(index, "large.allocated");
	size_t not_the_programs = read_of_arena(index, "tcache_bytes") +
	    read_of_arena(index, "internal");

	return blocks > not_the_programs ? blocks - not_the_programs : 0;
}

static size_t
bytes_live_in_pool(void)
{
	size_t bytes = 0;

	for (unsigned i = 0; i < arenas_count(); i++) {
		arena_t *arena = arenas_get(i);

		if (arena != NULL)
			bytes += bytes_live(arena_ind_get(arena));
	}
	return bytes;
}

static void
write_amount(const char *what, size_t bytes)
{
	log_format("  %-18s%10.1f MiB  (%zu bytes)\n", what,
	    (double)bytes / (double)MIB, bytes);
}

static void
write_for_people(void)
{
	static char text[SPEC_TEXT_MAX]; /* not on a thread's small stack */
	struct source_stats stats;
	size_t outside = bytes_live(0);

	source_stats(pool_source, &stats, false);
	spec_print(&pool_spec, text, sizeof(text));
	log_format("libvmmalloc: the heap of process %d\n", log_process());
	if (pool_spec.source == SPEC_FILE)
		log_format("  pool lay in       %s (a file without a name)\n",
		    pool_spec.path);
	log_format("  pool opened as    %s\n", text);
	if (stats.size != 0)
		write_amount("pool size", stats.size);
	write_amount("peak use of pool", stats.peak);
	write_amount("used at the end", stats.committed);
	write_amount("blocks not freed", bytes_live_in_pool());
	if (outside == 0)
		log_text("  The whole heap of the program was inside the "
			 "pool.\n");
	else
		log_format("  The heap was inside the pool, but for %zu bytes "
			   "from before it existed.\n",
		    outside);
}

static void
write_system_heap(void)
{
	log_text("\nsystem heap (jemalloc's own tables, and blocks from "
		 "before the pool)\n");
	write_amount("allocated",
	    read_of_arena(0, "small.allocated") +
		read_of_arena(0, "large.allocated"));
	write_amount("mapped", read_of_arena(0, "mapped"));
	write_amount("resident", read_of_arena(0, "resident"));
	write_amount("tables", read_number("stats.metadata"));
}

static void
write_piece(void *unused, const char *text)
{
	(void)unused;
	log_text(text);
}

void
report_write(void)
{
	uint64_t epoch = 1;

	if (pool_source == NULL)
		return;
	je_mallctl("epoch", NULL, NULL, &epoch, sizeof(epoch));
	write_for_people();
	write_system_heap();
	log_text("\nvmem pool\n");
	je_malloc_stats_print(write_piece, NULL, "gba");
}
