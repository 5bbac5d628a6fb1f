/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * print.c - a heap's statistics as text, in the form of jemalloc's.
 *
 * Owns nothing. Called through heap.h. Figures are read first and written
 * afterwards, without any lock, since what writes them may be the program's
 * own function. Cannot fail.
 */
#include "arena/slot.h"

#include <stdarg.h>
#include <stdio.h>

#include "arena/figures.h"
#include "os/os.h"
#include "os/records.h"

struct print {
	unsigned omit;
	void (*write)(void *to, const char *text);
	void *to;
};

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
	line(print, "Arenas: %u of at most %u\n", atomic_load(&heap->arenas),
	    heap->options.arenas);
	line(print, "Page size: %zu\n", PAGE_BYTES);
	line(print, "Thread caches: up to %zu bytes\n", heap->options.cached);
}

static void
print_totals(
    const struct print *print, struct heap *heap, const struct figures *all)
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
print_sum(const struct print *print, const char *what,
    const struct figures_class *sum)
{
	line(print, "%-8s%14zu%14llu%14llu%14llu\n", what, sum->bytes,
	    (unsigned long long)sum->current, (unsigned long long)sum->given,
	    (unsigned long long)sum->taken);
}

static void
print_bins(const struct print *print, const struct figures *figures)
{
	if (print->omit & HEAP_PRINT_BINS)
		return;
	line(print, "bins: %8s%14s%14s%14s%14s%10s\n", "size", "allocated",
	    "current", "nmalloc", "ndalloc", "slabs");
	for (unsigned i = 0; i < SC_NBINS; i++) {
		const struct figures_class *class = &figures->small[i];

		if (class->given != 0)
			line(print, "%14zu%14zu%14llu%14llu%14llu%10zu\n",
			    sz_index2size(i), class->bytes,
			    (unsigned long long)class->current,
			    (unsigned long long)class->given,
			    (unsigned long long)class->taken, class->slabs);
	}
}

static void
print_large(const struct print *print, const struct figures *figures)
{
	if (print->omit & HEAP_PRINT_LARGE)
		return;
	line(print, "large: %7s%14s%14s%14s%14s\n", "size", "allocated",
	    "current", "nmalloc", "ndalloc");
	for (unsigned i = 0; i < FIGURES_LARGE; i++) {
		const struct figures_class *class = &figures->large[i];

		if (class->given != 0)
			line(print, "%14zu%14zu%14llu%14llu%14llu\n",
			    sz_index2size(SC_NBINS + i), class->bytes,
			    (unsigned long long)class->current,
			    (unsigned long long)class->given,
			    (unsigned long long)class->taken);
	}
}

static void
print_figures(const struct print *print, const struct figures *figures)
{
	struct figures_class small = figures_sum(figures->small, SC_NBINS);
	struct figures_class large = figures_sum(figures->large, FIGURES_LARGE);

	line(print, "%-8s%14s%14s%14s%14s\n", "", "allocated", "current",
	    "nmalloc", "ndalloc");
	print_sum(print, "small:", &small);
	print_sum(print, "large:", &large);
	line(print, "active: %zu, free extents: %zu\n", figures->active,
	    figures->waiting);
	print_bins(print, figures);
	print_large(print, figures);
}

/* The figures of all arenas, then of each, in the one place there is. */
static void
print_heap(
    const struct print *print, struct heap *heap, struct figures *figures)
{
	unsigned arenas = atomic_load(&heap->arenas);

	heap_figures(heap, figures);
	print_general(print, heap);
	print_totals(print, heap, figures);
	if (!(print->omit & HEAP_PRINT_MERGED)) {
		line(print, "\nMerged arenas stats:\n");
		print_figures(print, figures);
	}
	for (unsigned i = 0; i < arenas && !(print->omit & HEAP_PRINT_ARENAS);
	     i++) {
		*figures = (struct figures){ 0 };
		figures_add(figures, heap->slot[i]->arena);
		line(print, "\narenas[%u]:\n", i);
		print_figures(print, figures);
	}
}

/* Figures are more than some stacks have room for. */
void
heap_print(struct heap *heap, unsigned omit,
    void (*write)(void *to, const char *text), void *to)
{
	const struct print print = { omit, write, to };
	struct figures *figures = record_new(sizeof(*figures));

	if (!(omit & HEAP_PRINT_FRAME))
		line(&print, "___ Begin jemalloc statistics ___\n");
	if (figures != NULL)
		print_heap(&print, heap, figures);
	else
		line(&print, "no memory for statistics\n");
	if (!(omit & HEAP_PRINT_FRAME))
		line(&print, "--- End jemalloc statistics ---\n");
	record_free(figures, sizeof(*figures));
}
