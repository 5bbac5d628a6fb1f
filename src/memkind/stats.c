/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stats.c - what kinds hold, as numbers and as text. See memkind.h.
 *
 * Owns nothing: the figures as of the last update are in the kinds' records.
 * No kind is destroyed while its figures are taken or printed. The text has
 * jemalloc's first and last line, and its form is made as jemalloc makes it,
 * since programs read that.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "arena/print.h"
#include "memkind/kinds.h"
#include "memkind/settings.h"
#include "os/os.h"

/* ---- Numbers ------------------------------------------------------------- */

/* memkind's figures were jemalloc's, which are as of its last "epoch":
 * programs ask for an update and then for several figures that fit together. So
 * they are kept in the kind's record. A kind that nobody used has zeroes. */
static void
update(memkind_t kind, void *with)
{
	(void)with;
	poolkind_get_stats(
	    atomic_load(&kind->engine), &kind->stats, sizeof(kind->stats));
}

EXPORT int
memkind_update_cached_stats(void)
{
	memkind_each(update, NULL);
	return 0;
}

struct sum {
	memkind_stat_type stat;
	size_t bytes;
};

/* RESIDENT is what memory, or space in the file, stands behind: memkind did not
 * count the space that a file takes. */
static void
add(memkind_t kind, void *with)
{
	struct sum *sum = with;

	switch (sum->stat) {
	case MEMKIND_STAT_TYPE_RESIDENT:
		sum->bytes += kind->stats.resident;
		break;
	case MEMKIND_STAT_TYPE_ACTIVE:
		sum->bytes += kind->stats.active;
		break;
	default:
		sum->bytes += kind->stats.live;
	}
}

/* For one kind no lock is taken: the program may not destroy the kind that it
 * asks about, and an update at the same time gives old and new figures, each of
 * them right at its time. */
EXPORT int
memkind_get_stat(memkind_t kind, memkind_stat_type stat, size_t *value)
{
	struct sum sum = { stat, 0 };

	if ((unsigned)stat >= MEMKIND_STAT_TYPE_MAX_VALUE || value == NULL ||
	    (kind != NULL && !memkind_is_alive(kind))) {
		errno = EINVAL;
		return MEMKIND_ERROR_INVALID;
	}
	if (kind == NULL)
		memkind_each(add, &sum);
	else
		add(kind, &sum);
	*value = sum.bytes;
	return 0;
}

/* ---- Text ---------------------------------------------------------------- */

/*
 * Programs read two things of the text: the first and the last line of the
 * table, word by word, and jemalloc's names in the JSON. What stands between is
 * of our own making: a part for each kind in use, since kinds are what our
 * users have, where jemalloc had a part for each of its arenas.
 *
 * Figures are collected in two passes: the sums first, as they stand in front,
 * then kind by kind. Other threads go on meanwhile, so the parts need not add
 * up to the sums exactly.
 */
struct print {
	void (*write)(void *to, const char *text);
	void *to;
	unsigned omit; /* as in arena/print.h */
	unsigned count;
	struct poolkind_stats all;
};

static __attribute__((format(printf, 2, 3))) void
line(const struct print *print, const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	print->write(print->to, text);
}

static void
sum_up(memkind_t kind, void *with)
{
	struct print *print = with;
	struct poolkind_stats stats;

	poolkind_get_stats(atomic_load(&kind->engine), &stats, sizeof(stats));
	print->count++;
	print->all.live += stats.live;
	print->all.cached += stats.cached;
	print->all.active += stats.active;
	print->all.resident += stats.resident;
	print->all.committed += stats.committed;
	print->all.allocations += stats.allocations;
	print->all.frees += stats.frees;
}

/* memkind's own kinds by their names, others by what the engine calls them. */
static const char *
name_of(memkind_t kind)
{
	return kind->rule != NULL ? kind->rule->name :
				    poolkind_name(atomic_load(&kind->engine));
}

/* The engine's part begins neither with jemalloc's first line nor with what is
 * the same for all kinds: the table has these once. The text of a kind can have
 * a path of 4 KiB; it is cut. */
static void
print_kind(memkind_t kind, void *with)
{
	struct print *print = with;
	poolkind *engine = atomic_load(&kind->engine);

	line(print, "\n%s (%.300s):\n", name_of(kind), poolkind_text(engine));
	poolkind_print(engine,
	    print->omit | HEAP_PRINT_FRAME | HEAP_PRINT_GENERAL, print->write,
	    print->to);
}

static void
print_table(struct print *print)
{
	line(print, "___ Begin jemalloc statistics ___\n");
	if (!(print->omit & HEAP_PRINT_GENERAL)) {
		line(print, "Version: %s\n", PACKAGE_STRING);
		line(print, "Page size: %zu\n", PAGE_BYTES);
		line(print, "Kinds in use: %u\n", print->count);
	}
	line(print,
	    "Allocated: %zu, active: %zu, metadata: 0, resident: %zu, "
	    "mapped: %zu, retained: 0\n",
	    print->all.live, print->all.active, print->all.resident,
	    print->all.committed);
	memkind_each(print_kind, print);
	line(print, "--- End jemalloc statistics ---\n");
}

/* jemalloc's names, with what is the nearest to their meaning here: "mapped" is
 * what is committed; there is no memory "retained", and records of the engine's
 * own, its "metadata", belong to no kind. */
static void
print_json_stats(const struct print *print, const char *indent,
    const struct poolkind_stats *stats)
{
	line(print, "%s\"allocated\": %zu,\n%s\"active\": %zu,\n", indent,
	    stats->live, indent, stats->active);
	line(print, "%s\"cached\": %zu,\n%s\"metadata\": 0,\n", indent,
	    stats->cached, indent);
	line(print, "%s\"resident\": %zu,\n%s\"mapped\": %zu,\n", indent,
	    stats->resident, indent, stats->committed);
	line(print, "%s\"retained\": 0,\n%s\"nmalloc\": %llu,\n", indent,
	    indent, (unsigned long long)stats->allocations);
	line(print, "%s\"ndalloc\": %llu\n", indent,
	    (unsigned long long)stats->frees);
}

static void
print_json_kind(memkind_t kind, void *with)
{
	struct print *print = with;
	struct poolkind_stats stats;

	poolkind_get_stats(atomic_load(&kind->engine), &stats, sizeof(stats));
	line(print, "%s\t\t\t\"%u\": {\n\t\t\t\t\"name\": \"%s\",\n",
	    print->count++ == 0 ? "" : ",\n", memkind_index(kind),
	    name_of(kind));
	print_json_stats(print, "\t\t\t\t", &stats);
	line(print, "\t\t\t}");
}

/* One object, closed in any case. COUNT is first how many kinds there are, and
 * then how many members were written, which decides on the comma in front of
 * the next. */
static void
print_json(struct print *print)
{
	line(print, "{\n\t\"jemalloc\": {\n");
	if (!(print->omit & HEAP_PRINT_GENERAL)) {
		line(print, "\t\t\"version\": \"%s\",\n", PACKAGE_STRING);
		line(print,
		    "\t\t\"arenas\": {\n\t\t\t\"narenas\": %u,\n"
		    "\t\t\t\"page\": %zu\n\t\t},\n",
		    print->count, PAGE_BYTES);
	}
	line(print, "\t\t\"stats\": {\n");
	print_json_stats(print, "\t\t\t", &print->all);
	line(print, "\t\t},\n\t\t\"stats.arenas\": {\n");
	print->count = 0;
	if (!(print->omit & HEAP_PRINT_MERGED)) {
		line(print, "\t\t\t\"merged\": {\n");
		print_json_stats(print, "\t\t\t\t", &print->all);
		line(print, "\t\t\t}");
		print->count = 1;
	}
	if (!(print->omit & HEAP_PRINT_ARENAS))
		memkind_each(print_json_kind, print);
	line(print, "\n\t\t}\n\t}\n}\n");
}

static void
write_to_stderr(void *to, const char *text)
{
	(void)to;
	os_write(2, text, strlen(text));
}

#define OPTIONS_ALL ((MEMKIND_STAT_PRINT_OMIT_EXTENT << 1) - 1)

/* What is to be left out, in the engine's bits. Three of memkind's options have
 * nothing to leave out here: destroyed arenas, mutexes and extents. They are
 * valid all the same. */
static unsigned
omitted(unsigned options)
{
	static const struct {
		unsigned option, omit;
	} pairs[] = {
		{ MEMKIND_STAT_PRINT_OMIT_GENERAL, HEAP_PRINT_GENERAL },
		{ MEMKIND_STAT_PRINT_OMIT_MERGED_ARENA, HEAP_PRINT_MERGED },
		{ MEMKIND_STAT_PRINT_OMIT_PER_ARENA, HEAP_PRINT_ARENAS },
		{ MEMKIND_STAT_PRINT_OMIT_PER_SIZE_CLASS_BINS,
		    HEAP_PRINT_BINS },
		{ MEMKIND_STAT_PRINT_OMIT_PER_SIZE_CLASS_LARGE,
		    HEAP_PRINT_LARGE },
	};
	unsigned omit = 0;

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		if (options & pairs[i].option)
			omit |= pairs[i].omit;
	return omit;
}

/* WRITE_CB is called under the lock of kinds.c, and so may not use this library
 * (memkind.h): no kind is destroyed while its part is written. A bit that means
 * nothing is an error, and nothing was written. */
EXPORT int
memkind_stats_print(void (*write_cb)(void *, const char *), void *cbopaque,
    memkind_stat_print_opt opts)
{
	struct print print = { write_cb != NULL ? write_cb : write_to_stderr,
		cbopaque, omitted(opts), 0, { 0 } };

	if (((unsigned)opts & ~(unsigned)OPTIONS_ALL) != 0) {
		errno = EINVAL;
		return MEMKIND_ERROR_INVALID;
	}
	memkind_each(sum_up, &print);
	if (opts & MEMKIND_STAT_PRINT_JSON_FORMAT)
		print_json(&print);
	else
		print_table(&print);
	return 0;
}

/* JEMK_MALLOC_CONF=stats_print:true. Kinds are not destroyed when the process
 * ends: threads and later destructors may still use them. memkind did, and they
 * crashed. */
static __attribute__((destructor)) void
end(void)
{
	if (settings_stats_print())
		memkind_stats_print(NULL, NULL, MEMKIND_STAT_PRINT_ALL);
}
