/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report.c - what VMMALLOC_LOG_STATS=1 writes when the process ends.
 *
 * First a few lines for people, then the statistics of the memory that was used
 * outside of the pool, and those of the pool, under the two headings that
 * vmem's report has. The numbers are those of the moment when the
 * destructor runs: blocks that other libraries' destructors free later count as
 * not freed. Each piece is written as soon as it is formatted, so that the
 * report needs no memory from the heap that it is about.
 */
#include "vmmalloc/report.h"

#include "arena/print.h"
#include "os/records.h"
#include "vmmalloc/early.h"
#include "vmmalloc/log.h"
#include "vmmalloc/pool.h"

/* What jemalloc's letters "gba" leave out, which is what vmem passed: general
 * facts, each arena, each class of small blocks. */
#define OMIT (HEAP_PRINT_GENERAL | HEAP_PRINT_ARENAS | HEAP_PRINT_BINS)

static void
write_amount(const char *what, size_t bytes)
{
	log_format("  %-18s%10.1f MiB  (%zu bytes)\n", what,
	    (double)bytes / (double)MIB, bytes);
}

/* What a kind of the pool was opened as, and what was taken of it. */
static void
write_kind(const char *label, poolkind *kind)
{
	struct poolkind_stats stats;

	log_format("  %-18s", label);
	log_text(poolkind_text(kind));
	log_text("\n");
	poolkind_get_stats(kind, &stats, sizeof(stats));
	if (stats.size != 0)
		write_amount("pool size", stats.size);
	write_amount("peak use of pool", stats.peak);
	write_amount("used at the end", stats.committed);
	write_amount("blocks not freed", stats.live);
}

/* What a user wants to know: where the pool lay, whether it was large enough,
 * what it fell back to, and whether anything was outside of it. OUTSIDE is what
 * lives still of the blocks from before the pool. */
static void
write_for_people(size_t outside)
{
	poolkind *kind = pool_kind();

	log_format("libvmmalloc: the heap of process %d\n", log_process());
	if (pool_spec.source == SPEC_FILE)
		log_format("  pool lay in       %s (a file without a name)\n",
		    pool_spec.path);
	write_kind("pool opened as", kind);
	while ((kind = poolkind_fallback(kind)) != NULL)
		write_kind("it falls back to", kind);
	if (outside == 0)
		log_text("  The whole heap of the program was inside the "
			 "pool.\n");
	else
		log_format("  The heap was inside the pool, but for %zu bytes "
			   "from before it existed.\n",
		    outside);
}

/* The kind for blocks from before the pool, all 0 if there was none, and the
 * engine's tables, which are never in the pool: they are ordinary memory that
 * the heap costs on top. */
static void
write_system_heap(const struct poolkind_stats *outside)
{
	log_text("\nsystem heap (blocks from before the pool, and the "
		 "engine's own tables)\n");
	write_amount("allocated", outside->live);
	write_amount("mapped", outside->committed);
	write_amount("resident", outside->resident);
	write_amount("tables", record_bytes_in_use());
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
	struct poolkind_stats outside = { 0 };
	poolkind *kind = pool_kind();

	if (kind == NULL)
		return;
	if (early_kind() != NULL)
		poolkind_get_stats(early_kind(), &outside, sizeof(outside));
	write_for_people(outside.live);
	write_system_heap(&outside);
	log_text("\nvmem pool\n");
	for (; kind != NULL; kind = poolkind_fallback(kind))
		poolkind_print(kind, OMIT, write_piece, NULL);
}
