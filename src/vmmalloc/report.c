/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report.c - what VMMALLOC_LOG_STATS has written. See report.h.
 *
 * At the end of the process: first a few lines for people, then what was used
 * outside of the pool, and in it, under the two headings that vmem's report
 * has; and at level 2, in the debug library always, jemalloc's statistics. The
 * numbers are those of the moment when the destructor runs: blocks that other
 * libraries' destructors free later count as not freed. Each piece is written
 * as soon as it is formatted, so that the report needs no memory from the heap
 * that it is about.
 */
#include "vmmalloc/report.h"

#include <stdatomic.h>
#include <string.h>

#include "arena/print.h"
#include "os/records.h"
#include "vmmalloc/early.h"
#include "vmmalloc/log.h"
#include "vmmalloc/pool.h"

/* What jemalloc's letters "gba" leave out, which is what vmem passed: general
 * facts, each arena, each class of small blocks. */
#define OMIT (HEAP_PRINT_GENERAL | HEAP_PRINT_ARENAS | HEAP_PRINT_BINS)

static unsigned level; /* set before there are threads */
static _Atomic bool told_full;
static const char *name_given; /* argv[0] */

void
report_open(unsigned wanted, char **argv)
{
	level = wanted;
	name_given = argv == NULL ? NULL : argv[0];
}

/* One line for a process: a program that meets a full pool asks again and
 * again. */
void
report_full(size_t size)
{
	char program[256];

	if (level != 0 && !atomic_exchange(&told_full, true))
		log_format("libvmmalloc: process %d (%s): the pool has no room "
			   "for a block of %zu bytes\n",
		    log_process(),
		    log_program(program, sizeof(program), name_given), size);
}

static void
write_amount(const char *what, size_t bytes)
{
	log_format("  %-18s%10.1f MiB  (%zu bytes)\n", what,
	    (double)bytes / (double)MIB, bytes);
}

/* The last ",fallback=" of a text, behind which there is no path; the end
 * of one that has none. */
static const char *
find_fallback(const char *text)
{
	static const char option[] = ",fallback=";
	const char *last = text + strlen(text), *at = text;

	while ((at = strstr(at, option)) != NULL)
		last = at++;
	return last;
}

/* The text of a kind, without the name that the library gave to the kind that
 * it falls back to, which is said next. */
static void
write_text_of(poolkind *kind)
{
	const char *text = poolkind_text(kind);
	const char *from = text + strlen(text), *end = from;

	if (poolkind_fallback(kind) != NULL) {
		from = find_fallback(text);
		end = from + (*from != '\0');
		end += strcspn(end, ",");
	}
	log_file_write(&log_destination, text, (size_t)(from - text));
	log_text(end);
	log_text("\n");
}

/* What a kind of the pool was opened as, and what was taken of it. */
static void
write_kind(const char *label, poolkind *kind)
{
	struct poolkind_stats stats;

	log_format("  %-18s", label);
	write_text_of(kind);
	poolkind_get_stats(kind, &stats, sizeof(stats));
	if (stats.size != 0)
		write_amount("pool size", stats.size);
	write_amount("peak use of pool", stats.peak);
	write_amount("used at the end", stats.committed);
	write_amount("blocks not freed", stats.live);
}

/* Whether all of the heap lay where the user wanted it. OUTSIDE as below. */
static void
write_where_it_was(size_t outside)
{
	const char *where = pool_missing[0] == '\0' ?
	    "inside the pool" :
	    "in ordinary memory, in place of the pool";

	if (outside == 0)
		log_format("  The whole heap of the program was %s.\n", where);
	else
		log_format("  The heap was %s, but for %zu bytes from before "
			   "it existed.\n",
		    where, outside);
}

/* What a user wants to know: where the pool lay, whether it was large enough,
 * what it fell back to, and whether anything was outside of it. OUTSIDE is what
 * lives still of the blocks from before the pool. */
static void
write_for_people(size_t outside)
{
	poolkind *kind = pool_kind();
	char program[256];

	log_format("libvmmalloc: the heap of process %d (%s)\n", log_process(),
	    log_program(program, sizeof(program), name_given));
	if (pool_spec.source == SPEC_FILE)
		log_format("  pool lay in       %s (a file without a name)\n",
		    pool_spec.path);
	if (pool_missing[0] != '\0')
		log_format("  %-18s%s\n", "pool not possible", pool_missing);
	write_kind("pool opened as", kind);
	while ((kind = poolkind_fallback(kind)) != NULL)
		write_kind("it falls back to", kind);
	if (atomic_load(&told_full))
		log_text("  The pool was full: blocks could not be had.\n");
	write_where_it_was(outside);
}

static void
write_held(const struct poolkind_stats *stats)
{
	write_amount("allocated", stats->live);
	write_amount("mapped", stats->committed);
	write_amount("resident", stats->resident);
}

/* The kind for blocks from before the pool, all 0 if there was none, and the
 * engine's tables, which are never in the pool: they are ordinary memory that
 * the heap costs on top. */
static void
write_system_heap(const struct poolkind_stats *outside)
{
	log_text("\nsystem heap (blocks from before the pool, and the "
		 "engine's own tables)\n");
	write_held(outside);
	write_amount("tables", record_bytes_in_use());
}

static void
write_piece(void *unused, const char *text)
{
	(void)unused;
	log_text(text);
}

/* The pool, or what it falls back to; of several each says which it is. */
static void
write_pool(poolkind *kind, bool is_one_of_several)
{
	struct poolkind_stats stats;

	if (is_one_of_several)
		write_text_of(kind);
	poolkind_get_stats(kind, &stats, sizeof(stats));
	write_held(&stats);
	if (level > 1 || LOG_ALWAYS)
		poolkind_print(kind, OMIT, write_piece, NULL);
}

void
report_write(void)
{
	struct poolkind_stats outside = { 0 };
	poolkind *kind = pool_kind();
	bool several;

	if (kind == NULL || level == 0)
		return;
	if (early_kind() != NULL)
		poolkind_get_stats(early_kind(), &outside, sizeof(outside));
	write_for_people(outside.live);
	write_system_heap(&outside);
	log_text("\nvmem pool\n");
	several = poolkind_fallback(kind) != NULL;
	for (; kind != NULL; kind = poolkind_fallback(kind))
		write_pool(kind, several);
}
