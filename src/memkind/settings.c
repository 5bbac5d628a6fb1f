/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * settings.c - see settings.h.
 *
 * Owns the options of JEMK_MALLOC_CONF, once read, and which lines were
 * written. The one thing that ends the process is a
 * MEMKIND_BACKGROUND_THREAD_LIMIT that is not a number, as it always has; what
 * else is wrong makes the kinds that it is about fail, or leaves the default,
 * as the line that is written says. A value counts as a whole: "1x" is not 1.
 *
 * Called while kinds are opened, under the lock of kinds.c, so nothing here
 * allocates; but see default_fork().
 */
#include "memkind/settings.h"

#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/environment.h"
#include "memkind.h"
#include "os/lock.h"
#include "poolkind.h"
#include "support/setting.h"

/* Options of jemalloc 5.3 that nothing here answers to. Users gave them to the
 * jemalloc inside memkind; they are passed over in silence, so that an old
 * script does not make every program print a line. */
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

struct log_file memkind_log = LOG_FILE_INIT("libmemkind");

/* ---- Lines --------------------------------------------------------------- */

/* 16 for ten variables; and as many as a machine of many nodes has to tell. */
static _Atomic uint64_t warned[16], informed[512];

/*
 * Whether the line was not written before. A variable is read, and nodes are
 * looked for, each time a kind is opened or asked about, which may be at every
 * call, and one line on it is enough.
 *
 * Lines are remembered by a hash (FNV-1a), without a lock: a place in the array
 * is taken by compare and swap, and keeps its hash for ever. When all are
 * taken, no other line is written any more, which is better than writing one
 * again and again.
 */
static bool
is_new(const struct log_line *line, _Atomic uint64_t *written, size_t places)
{
	uint64_t hash = 14695981039346656037U;

	for (size_t i = 0; i < line->length; i++)
		hash = (hash ^ (unsigned char)line->text[i]) * 1099511628211U;
	for (size_t i = 0; i < places; i++) {
		uint64_t there = 0;

		if (atomic_compare_exchange_strong(&written[i], &there, hash))
			return true;
		if (there == hash)
			return false;
	}
	return false;
}

void
memkind_warn(const char *format, ...)
{
	struct log_line line;
	va_list arguments;

	va_start(arguments, format);
	log_compose(&line, "MEMKIND_WARNING: ", format, arguments);
	va_end(arguments);
	if (is_new(&line, warned, ARRAY_SIZE(warned)))
		log_file_write(&memkind_log, line.text, line.length);
}

void
memkind_inform(const char *format, ...)
{
	struct log_line line;
	va_list arguments;

	if (memkind_log.level < 1)
		return;
	va_start(arguments, format);
	log_compose(&line, "MEMKIND_INFO: ", format, arguments);
	va_end(arguments);
	if (is_new(&line, informed, ARRAY_SIZE(informed)))
		log_file_write(&memkind_log, line.text, line.length);
}

/* ---- The table ----------------------------------------------------------- */

enum which {
	DEBUG,
	HEAP_MANAGER,
	BACKGROUND_LIMIT,
	HOG_MEMORY,
	ARENAS,
	THRESHOLD,
	FALLBACK,
	PMEM_FORK,
};

#define ONE_OF(...) \
	.form = SETTING_CHOICE, .words = (const char *const[]) \
	{ \
		__VA_ARGS__, NULL \
	}
#define NUMBER(from, to) .form = SETTING_NUMBER, .min = (from), .max = (to)

/* What a variable may say, and what is written of one that says something else.
 * Each is read into a variable of its own, when it is asked for. */
static const struct setting table[] = {
	[DEBUG] = { "MEMKIND_DEBUG", ONE_OF("1") },
	[HEAP_MANAGER] = { "MEMKIND_HEAP_MANAGER", ONE_OF("JEMALLOC"),
	    .complaint = "is not JEMALLOC: all kinds are on jemalloc" },
	[BACKGROUND_LIMIT] = { "MEMKIND_BACKGROUND_THREAD_LIMIT",
	    NUMBER(0, UINT_MAX),
	    .complaint = "is not a number: write how many threads there may "
			 "be, or leave it out" },
	[HOG_MEMORY] = { "MEMKIND_HOG_MEMORY", .form = SETTING_SWITCH,
	    .complaint = "is neither 0 nor 1: memory is given back" },
	[ARENAS] = { "MEMKIND_ARENA_NUM_PER_KIND", NUMBER(1, INT_MAX),
	    .complaint = "is not a number from 1 to 2147483647: there is no "
			 "kind but MEMKIND_DEFAULT" },
	[THRESHOLD] = { "MEMKIND_HBW_THRESHOLD", NUMBER(0, UINT_MAX),
	    .complaint = "is not a number of MB/s from 0 to 4294967295: there "
			 "is no high-bandwidth memory" },
	[FALLBACK] = { "MEMKIND_FALLBACK", ONE_OF("dram"),
	    .complaint = "is not a kind to fall back to: write dram" },
	[PMEM_FORK] = { "MEMKIND_PMEM_FORK",
	    ONE_OF("refuse", "shared", "copy", "private"),
	    .complaint = "is none of refuse, shared, copy and private: the "
			 "default holds" },
};

/* Reads the setting into VALUE, which stays as it is where that is not given.
 * False, and a line was written, if it is not valid. */
static bool
read_setting(enum which which, void *value)
{
	char wrong[SETTING_LINE_MAX];

	if (setting_read(&table[which], value, wrong))
		return true;
	memkind_warn("%s", wrong);
	return false;
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

bool
settings_background_thread(void)
{
	return conf()->background_thread;
}

/*
 * MEMKIND_HOG_MEMORY=1 comes after JEMK_MALLOC_CONF's decay and wins: memory is
 * kept for ever, which is what it is for. MEMKIND_ARENA_NUM_PER_KIND wins over
 * narenas likewise. Where the number is not valid, SPEC has the rest all the
 * same, for MEMKIND_DEFAULT, which is opened in any case.
 */
int
settings_apply(struct spec *spec)
{
	bool keeps = false;
	uint64_t arenas = 0;

	conf_apply(conf(), spec);
	read_setting(HOG_MEMORY, &keeps);
	if (keeps) {
		spec->decay_given = true;
		spec->decay_ms = -1;
	}
	if (!read_setting(ARENAS, &arenas))
		return MEMKIND_ERROR_ENVIRON;
	if (arenas != 0)
		spec->arenas = (unsigned)arenas;
	return 0;
}

/* A threshold of 0 is one that all nodes reach whose bandwidth is known: 1, as
 * 0 stands for "not given" from here on. */
bool
settings_hbw_threshold(uint64_t *threshold)
{
	uint64_t number = UINT64_MAX;

	*threshold = 0;
	if (!read_setting(THRESHOLD, &number))
		return false;
	if (number != UINT64_MAX)
		*threshold = number == 0 ? 1 : number;
	return true;
}

bool
settings_fallback(void)
{
	unsigned chosen = 0;

	read_setting(FALLBACK, &chosen);
	return chosen != 0;
}

/*
 * What becomes of a file kind in a child, where the environment does not say.
 * Where the program's own malloc is served by kinds (libautohbw, libmemtier),
 * the child could not go on without their blocks, and gets a copy; else it is
 * refused the kind, which costs nothing. Which of the two it is, is found out
 * by asking malloc for a block, so this is not to be called under a lock.
 */
static enum spec_fork
default_fork(void)
{
	void *block = calloc(1, 1);
	bool is_ours = block != NULL && poolkind_of(block) != NULL;

	free(block);
	return is_ours ? SPEC_FORK_COPY : SPEC_FORK_REFUSE;
}

/* Its words are in the order of the enum. */
enum spec_fork
settings_pmem_fork(void)
{
	unsigned chosen = 0;

	read_setting(PMEM_FORK, &chosen);
	return chosen != 0 ? (enum spec_fork)(chosen - 1) : default_fork();
}

/* ---- Once ---------------------------------------------------------------- */

/* The sentence is one that users of memkind know, and not what the table would
 * make. */
static void
read_debug(void)
{
	char wrong[SETTING_LINE_MAX];
	unsigned chosen = 0;

	if (!setting_read(&table[DEBUG], &chosen, wrong))
		memkind_warn("debug option \"%s\" is unknown: MEMKIND_DEBUG=1 "
			     "explains what is done",
		    variable("MEMKIND_DEBUG"));
	memkind_log.level = chosen == 1;
}

/* There is never more than one background thread, so the number itself means
 * nothing; memkind ended the process over a value that is none, and so do we.
 */
static void
read_background_limit(void)
{
	char wrong[SETTING_LINE_MAX];
	uint64_t number;

	if (!setting_read(&table[BACKGROUND_LIMIT], &number, wrong))
		log_end(&memkind_log, "MEMKIND_FATAL: ", "%s", wrong);
}

/* What is wrong with these four is said when the program starts, whether or not
 * it ever uses what they are about. A kind may be opened before this runs; then
 * only MEMKIND_DEBUG's lines on it are missing. */
static __attribute__((constructor)) void
start(void)
{
	unsigned chosen = 0;

	read_debug();
	read_setting(HEAP_MANAGER, &chosen);
	read_background_limit();
	settings_fallback();
}
