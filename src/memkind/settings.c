/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * settings.c - see settings.h.
 *
 * Owns standard error's lines. The one thing that ends the
 * process is a MEMKIND_BACKGROUND_THREAD_LIMIT that is no number, as it always
 * has; what else is wrong makes the kinds that it is about fail.
 */
#include "memkind/settings.h"

#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memkind.h"
#include "os/lock.h"
#include "os/os.h"
#include "poolkind.h"
#include "support/environment.h"
#include "support/numbers.h"

/* Options of jemalloc 5.3 that nothing here answers to. */
static const char *const passed_over[] = { "abort", "abort_conf",
	"cache_oblivious", "confirm_conf", "default_hpa", "dss",
	"experimental_infallible_new", "hpa", "junk",
	"lg_extent_max_active_fit", "lg_san_uaf_align",
	"lg_tcache_flush_large_div", "lg_tcache_flush_small_div",
	"lg_tcache_nslots_mul", "max_background_threads", "metadata_thp",
	"mutex_max_spin", "muzzy_decay_ms", "oversize_threshold",
	"percpu_arena", "prof", "prof_accum", "prof_active", "prof_final",
	"prof_gdump", "prof_leak", "prof_prefix", "retain", "san_guard_large",
	"san_guard_small", "slab_sizes", "stats_interval",
	"stats_interval_opts", "stats_print_opts", "tcache_gc_delay_bytes",
	"tcache_gc_incr_bytes", "tcache_max", "tcache_ncached_max",
	"tcache_nslots_large", "tcache_nslots_small_max",
	"tcache_nslots_small_min", "thp", "trust_madvise", "utrace", "xmalloc",
	"zero", "zero_realloc", NULL };

static bool debug;

/* ---- Lines --------------------------------------------------------------- */

struct line {
	char text[512];
	size_t length;
};

static void
compose(
    struct line *line, const char *head, const char *format, va_list arguments)
{
	int length = snprintf(line->text, sizeof(line->text), "%s", head);

	length += vsnprintf(line->text + length,
	    sizeof(line->text) - (size_t)length - 1, format, arguments);
	line->length = min_size((size_t)length, sizeof(line->text) - 2);
	line->text[line->length++] = '\n';
}

/* Whether the line was not written before: what is read each time a kind is
 * asked for is not complained of each time. Forgets none of the first lines,
 * and takes what comes after them for old. */
static bool
is_new(const struct line *line)
{
	static _Atomic uint64_t written[16];
	uint64_t hash = 14695981039346656037U;

	for (size_t i = 0; i < line->length; i++)
		hash = (hash ^ (unsigned char)line->text[i]) * 1099511628211U;
	for (size_t i = 0; i < ARRAY_SIZE(written); i++) {
		uint64_t there = 0;

		if (atomic_compare_exchange_strong(&written[i], &there, hash))
			return true;
		if (there == hash)
			return false;
	}
	return false;
}

void
memkind_inform(const char *format, ...)
{
	va_list arguments;
	struct line line;

	if (!debug)
		return;
	va_start(arguments, format);
	compose(&line, "MEMKIND_INFO: ", format, arguments);
	va_end(arguments);
	os_write(2, line.text, line.length);
}

void
memkind_warn(const char *format, ...)
{
	va_list arguments;
	struct line line;

	va_start(arguments, format);
	compose(&line, "MEMKIND_WARNING: ", format, arguments);
	va_end(arguments);
	if (is_new(&line))
		os_write(2, line.text, line.length);
}

/* ---- Variables ----------------------------------------------------------- */

static struct conf the_conf;

static void
read_conf(void)
{
	const char *text = variable("JEMK_MALLOC_CONF");

	if (text != NULL)
		conf_read(&the_conf, text, passed_over);
}

static const struct conf *
conf(void)
{
	static struct once once = ONCE_INIT;

	once_do(&once, read_conf);
	return &the_conf;
}

bool
settings_stats_print(void)
{
	return conf()->stats_print;
}

int
settings_apply(struct spec *spec)
{
	const char *arenas = variable("MEMKIND_ARENA_NUM_PER_KIND");
	const char *hog = variable("MEMKIND_HOG_MEMORY");
	bool keeps = false;
	uint64_t number;

	conf_apply(conf(), spec);
	if (hog != NULL && switch_read(hog, &keeps) != 0)
		memkind_warn("MEMKIND_HOG_MEMORY=%.64s is neither 0 nor 1: "
			     "memory is given back",
		    hog);
	if (keeps) {
		spec->decay_given = true;
		spec->decay_ms = -1;
	}
	if (arenas == NULL)
		return 0;
	if (number_read(arenas, 1, INT_MAX, &number) != 0) {
		memkind_warn("MEMKIND_ARENA_NUM_PER_KIND=%.64s is not a number "
			     "from 1 to %d: there is no kind but "
			     "MEMKIND_DEFAULT",
		    arenas, INT_MAX);
		return MEMKIND_ERROR_ENVIRON;
	}
	spec->arenas = (unsigned)number;
	return 0;
}

bool
settings_hbw_threshold(uint64_t *threshold)
{
	const char *text = variable("MEMKIND_HBW_THRESHOLD");
	uint64_t number = 0;

	*threshold = 0;
	if (text == NULL)
		return true;
	if (number_read(text, 0, UINT_MAX, &number) != 0) {
		memkind_warn(
		    "MEMKIND_HBW_THRESHOLD=%.64s is not a number of MB/s "
		    "from 0 to %u: there is no high-bandwidth memory",
		    text, UINT_MAX);
		return false;
	}
	*threshold = number == 0 ? 1 : number;
	return true;
}

bool
settings_fallback(void)
{
	const char *text = variable("MEMKIND_FALLBACK");
	bool is_dram = text != NULL && strcmp(text, "dram") == 0;

	if (text != NULL && !is_dram)
		memkind_warn(
		    "MEMKIND_FALLBACK=%.64s is not a kind to fall back "
		    "to: write dram",
		    text);
	return is_dram;
}

/* Where the program's own malloc is served by kinds (libautohbw, libmemtier), a
 * child is nothing without their blocks. */
static enum spec_fork
default_fork(void)
{
	void *block = calloc(1, 1);
	bool is_ours = block != NULL && poolkind_of(block) != NULL;

	free(block);
	return is_ours ? SPEC_FORK_COPY : SPEC_FORK_REFUSE;
}

enum spec_fork
settings_pmem_fork(void)
{
	static const char *const words[] = { [SPEC_FORK_REFUSE] = "refuse",
		[SPEC_FORK_SHARED] = "shared",
		[SPEC_FORK_COPY] = "copy",
		[SPEC_FORK_PRIVATE] = "private" };
	const char *text = variable("MEMKIND_PMEM_FORK");

	if (text == NULL)
		return default_fork();
	for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(text, words[i]) == 0)
			return (enum spec_fork)i;
	memkind_warn("MEMKIND_PMEM_FORK=%s is none of refuse, shared, copy and "
		     "private: the default holds",
	    text);
	return default_fork();
}

/* ---- Once ---------------------------------------------------------------- */

static void
read_debug(void)
{
	const char *text = variable("MEMKIND_DEBUG");

	debug = text != NULL && strcmp(text, "1") == 0;
	if (text != NULL && !debug)
		memkind_warn("debug option \"%s\" is unknown: MEMKIND_DEBUG=1 "
			     "explains what is done",
		    text);
}

static void
read_heap_manager(void)
{
	const char *text = variable("MEMKIND_HEAP_MANAGER");

	if (text != NULL && strcmp(text, "JEMALLOC") != 0)
		memkind_warn("MEMKIND_HEAP_MANAGER=%s: all kinds are on "
			     "jemalloc",
		    text);
}

static void
read_background_limit(void)
{
	const char *text = variable("MEMKIND_BACKGROUND_THREAD_LIMIT");
	uint64_t number;

	if (text == NULL || number_read(text, 0, UINT_MAX, &number) == 0)
		return;
	fprintf(stderr,
	    "MEMKIND_FATAL: MEMKIND_BACKGROUND_THREAD_LIMIT=%.64s is not a "
	    "number: "
	    "write how many threads there may be, or leave it out\n",
	    text);
	abort();
}

static __attribute__((constructor)) void
start(void)
{
	read_debug();
	read_heap_manager();
	read_background_limit();
	settings_fallback();
}
