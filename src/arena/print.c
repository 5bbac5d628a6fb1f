/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * print.c - see print.h.
 *
 * The text is modelled on that of jemalloc 3.6, which users of
 * vmem_stats_print() know: first and last line, the parts that can be left out,
 * the names of columns. The numbers are those of one heap. What that jemalloc
 * has and the engine has not, chunks for one, is missing.
 *
 * Owns nothing. Statistics are read first and written afterwards, without any
 * lock, since what writes them may be the program's own function, which may
 * allocate from the same heap. Cannot fail: without memory for the statistics
 * it says so in their place.
 */
#include "arena/slot.h"

#include <stdarg.h>
#include <stdio.h>

#include "arena/heap.h"
#include "arena/print.h"
#include "arena/stats.h"
#include "os/os.h"
#include "os/records.h"

struct print {
	unsigned omit;
	void (*write)(void *to, const char *text);
	void *to;
};

/* A line, newline included, as one piece: readers may get pieces of any size,
 * but whole lines are easier to pass on. No line below is longer than the
 * buffer. */
static __attribute__((format(printf, 2, 3))) void
line(const struct print *print, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	print->write(print->to, text);
}

static void
print_general(const struct print *print, const struct heap *heap)
{
	if (print->omit & HEAP_PRINT_GENERAL)
		return;
	line(print, "Version: %s\n", JEMALLOC_VERSION);
	line(print, "CPUs: %u\n", os_processors());
	line(print, "Arenas: %u of at most %u\n",
	    atomic_load(&heap->arena_count), heap->options.arenas);
	line(print, "Page size: %zu\n", PAGE_BYTES);
	line(print, "Thread caches: up to %zu bytes\n", heap->options.cached);
}

/* Always written, whatever is to be left out. "Allocated" is what arenas have
 * handed out, in the program's hands or in caches; "mapped" the spans of the
 * source; "ceiling" the most that the kind can have, 0 for no bound. The three
 * sources of numbers are read one after the other, so that in a heap in use
 * they need not agree. */
static void
print_totals(
    const struct print *print, struct heap *heap, const struct stats_all *all)
{
	struct heap_stats stats;
	struct source_stats source;

	heap_stats(heap, &stats);
	source_stats(heap->source, &source, true);
	line(print, "Allocated: %zu, active: %zu, mapped: %zu\n",
	    stats.live + stats.cached, all->active, source.spans);
	line(print, "In blocks: %zu, in thread caches: %zu\n", stats.live,
	    stats.cached);
	line(print, "Committed: %zu, peak: %zu, resident: %zu, ceiling: %zu\n",
	    source.committed, source.peak, source.resident,
	    source.limit != 0 ? source.limit : source.size);
}

static void
print_sum(
    const struct print *print, const char *what, const struct stats_class *sum)
{
	line(print, "%-8s%14zu%14llu%14llu%14llu\n", what, sum->bytes,
	    (unsigned long long)sum->current, (unsigned long long)sum->given,
	    (unsigned long long)sum->taken);
}

/* Classes from which no block was ever taken are left out, here and below. */
static void
print_bins(const struct print *print, const struct stats_all *stats)
{
	if (print->omit & HEAP_PRINT_BINS)
		return;
	line(print, "bins: %8s%14s%14s%14s%14s%10s\n", "size", "allocated",
	    "current", "nmalloc", "ndalloc", "slabs");
	for (unsigned i = 0; i < SC_NBINS; i++) {
		const struct stats_class *class = &stats->small[i];

		if (class->given != 0)
			line(print, "%14zu%14zu%14llu%14llu%14llu%10zu\n",
			    sz_index2size(i), class->bytes,
			    (unsigned long long)class->current,
			    (unsigned long long)class->given,
			    (unsigned long long)class->taken, class->slabs);
	}
}

static void
print_large(const struct print *print, const struct stats_all *stats)
{
	if (print->omit & HEAP_PRINT_LARGE)
		return;
	line(print, "large: %7s%14s%14s%14s%14s\n", "size", "allocated",
	    "current", "nmalloc", "ndalloc");
	for (unsigned i = 0; i < STATS_LARGE; i++) {
		const struct stats_class *class = &stats->large[i];

		if (class->given != 0)
			line(print, "%14zu%14zu%14llu%14llu%14llu\n",
			    sz_index2size(SC_NBINS + i), class->bytes,
			    (unsigned long long)class->current,
			    (unsigned long long)class->given,
			    (unsigned long long)class->taken);
	}
}

static void
print_stats(const struct print *print, const struct stats_all *stats)
{
	struct stats_class small = stats_sum(stats->small, SC_NBINS);
	struct stats_class large = stats_sum(stats->large, STATS_LARGE);

	line(print, "%-8s%14s%14s%14s%14s\n", "", "allocated", "current",
	    "nmalloc", "ndalloc");
	print_sum(print, "small:", &small);
	print_sum(print, "large:", &large);
	line(print, "active: %zu, free extents: %zu\n", stats->active,
	    stats->waiting);
	print_bins(print, stats);
	print_large(print, stats);
}

/* The sum of all arenas, and the totals, which need it. An arena that is added
 * meanwhile is not in it. */
static void
print_merged(
    const struct print *print, struct heap *heap, struct stats_all *stats)
{
	unsigned arenas = atomic_load(&heap->arena_count);

	*stats = (struct stats_all){ 0 };
	for (unsigned i = 0; i < arenas; i++)
		stats_add(stats, heap->slot[i]->arena);
	print_general(print, heap);
	print_totals(print, heap, stats);
	if (print->omit & HEAP_PRINT_MERGED)
		return;
	line(print, "\nMerged arenas stats:\n");
	print_stats(print, stats);
}

/* Numbered from 0 within the heap: jemalloc's own number of an arena says
 * nothing of a kind, and changes as arenas go from one heap to the next. */
static void
print_each(
    const struct print *print, struct heap *heap, struct stats_all *stats)
{
	unsigned arenas = atomic_load(&heap->arena_count);

	if (print->omit & HEAP_PRINT_ARENAS)
		return;
	for (unsigned i = 0; i < arenas; i++) {
		*stats = (struct stats_all){ 0 };
		stats_add(stats, heap->slot[i]->arena);
		line(print, "\narenas[%u]:\n", i);
		print_stats(print, stats);
	}
}

/* The statistics of all arenas, then of each, in one record of ordinary memory:
 * they have an entry for each class of sizes, and a thread may have a stack of
 * 16 KiB in all. */
void
heap_print(struct heap *heap, unsigned omit,
    void (*write)(void *to, const char *text), void *to)
{
	const struct print print = { omit, write, to };
	struct stats_all *stats = record_new(sizeof(*stats));

	if (!(omit & HEAP_PRINT_FRAME))
		line(&print, "___ Begin jemalloc statistics ___\n");
	if (stats != NULL) {
		print_merged(&print, heap, stats);
		print_each(&print, heap, stats);
	} else
		line(&print, "no memory for statistics\n");
	if (!(omit & HEAP_PRINT_FRAME))
		line(&print, "--- End jemalloc statistics ---\n");
	record_free(stats, sizeof(*stats));
}
