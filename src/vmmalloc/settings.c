/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * settings.c - what the environment asks of the shim. See settings.h.
 *
 * Most variables are rows of a table (support/setting.h). Directory, size and
 * fork are read by hand, since their sentences are vmem's, word by word: tests
 * of programs and scripts compare them. A value must be understood as a whole,
 * where vmem's atoll(3) took what it could: VMMALLOC_POOL_SIZE=64M meant 64
 * bytes there, and VMMALLOC_FORK=abc switched the protection of the parent off.
 */
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "base/cut.h"
#include "base/environment.h"
#include "spec/named_file.h"
#include "support/numbers.h"
#include "support/setting.h"
#include "vmmalloc/log.h"
#include "vmmalloc/settings.h"

/* vmem read its numbers by atoll(3), which passes over blanks and a plus sign:
 * scripts that have them in a value go on working. The blanks are those of
 * isspace(3) in the C locale; libc's own tables are not set up yet. */
static const char *
pass_over_blanks(const char *text)
{
	while (*text == ' ' || (*text >= '\t' && *text <= '\r'))
		text++;
	return *text == '+' ? text + 1 : text;
}

/* ---- The tables ---------------------------------------------------------- */

#define FIELD(name) .field = offsetof(struct settings, name)
#define SWITCH .form = SETTING_SWITCH, .complaint = "is neither 0 nor 1"

/* Variables about the log, which are read before all others. */
static const struct setting log_settings[] = {
	{ "VMMALLOC_LOG_STATS", FIELD(log_stats), .form = SETTING_NUMBER,
	    .max = 2,
	    .complaint = "is not a level of statistics; write 0 for none, 1, "
			 "or 2 for jemalloc's as well" },
	{ "VMMALLOC_LOG_FILE", FIELD(log_file), .form = SETTING_TEXT },
	{ "VMMALLOC_LOG_LEVEL", FIELD(log_level), .form = SETTING_NUMBER,
	    .max = INT_MAX,
	    .complaint = "is not a level; write a whole number from 0 to 4" },
};

/* Those about the pool for which there is no sentence of vmem's. */
static const char *const fallback_words[] = { "dram", NULL };
static const struct setting pool_settings[] = {
	{ "VMMALLOC_KIND", FIELD(kind), .form = SETTING_TEXT },
	{ NAMED_VARIABLE, FIELD(config), .form = SETTING_TEXT },
	{ "VMMALLOC_POOL_DIR", FIELD(directory), .form = SETTING_TEXT },
	{ "VMMALLOC_RESERVE", FIELD(reserve), SWITCH },
	{ "VMMALLOC_FALLBACK", FIELD(fallback), .form = SETTING_CHOICE,
	    .words = fallback_words,
	    .complaint = "is not a kind to fall back to; write dram" },
};

/* Reads COUNT settings. One that is not valid ends the process with its line,
 * or keeps the value that it had where FATAL is false. To read a table twice is
 * harmless: the environment is the same. */
static void
read_table(struct settings *settings, const struct setting *table, size_t count,
    char *const *environment, bool fatal)
{
	char wrong[SETTING_LINE_MAX];

	for (size_t i = 0; i < count; i++) {
		const char *text = variable_in(environment, table[i].name);

		if (!setting_store(&table[i], text, settings, wrong) && fatal)
			log_fatal("%s", wrong);
	}
}

/* In the debug library a line about a wrong value belongs in the log, and these
 * variables say where that is. So here faults are passed over, and the log is
 * opened by what is valid; settings_read_pool() reads the table again and names
 * the fault. */
void
settings_read_log(struct settings *settings, char *const *environment)
{
	read_table(settings, log_settings, ARRAY_SIZE(log_settings),
	    environment, false);
}

/* ---- What is not in a table ---------------------------------------------- */

/* VMMALLOC_POOL_SIZE. A size that is too large for 64 bits is too large for any
 * file: it is passed on as the largest, so that opening the pool fails with
 * EFBIG, as with any other size that is too large. "-0" is 0, as atoll(3) has
 * it. */
static uint64_t
read_size(const char *text)
{
	const char *digits = pass_over_blanks(text);
	bool negative = *digits == '-';
	size_t size = 0;
	int error = size_read(digits + negative, &size);

	if (error == EINVAL)
		log_fatal("VMMALLOC_POOL_SIZE=%s is not a size; write "
			  "bytes, or a whole number with K, M, G or T",
		    cut(text, 64).text);
	if (negative && (size != 0 || error == ERANGE))
		log_fatal("negative VMMALLOC_POOL_SIZE");
	return error == ERANGE ? UINT64_MAX : size;
}

/* Ends the process for want of a variable: vmem's line, which programs compare,
 * and one for people. */
static _Noreturn void
is_missing(const char *variable)
{
	log_fatal("environment variable %s not specified\n"
		  "  Write VMMALLOC_POOL_DIR=DIRECTORY VMMALLOC_POOL_SIZE=SIZE "
		  "(such as /dev/shm and 1G), or VMMALLOC_KIND=KIND (such as "
		  "dram)",
	    variable);
}

/* The pool as a directory and a size, the way it has always been: the sentences
 * are those that users of vmem's libvmmalloc know. */
static void
read_directory_and_size(struct settings *settings, char *const *environment)
{
	const char *text = variable_in(environment, "VMMALLOC_POOL_SIZE");

	if (settings->directory == NULL)
		is_missing("VMMALLOC_POOL_DIR");
	if (text == NULL)
		is_missing("VMMALLOC_POOL_SIZE");
	settings->size = read_size(text);
	if (settings->size < SETTINGS_MIN_POOL)
		log_fatal("VMMALLOC_POOL_SIZE value is less than minimum "
			  "(%llu < %zu)",
		    (unsigned long long)settings->size, SETTINGS_MIN_POOL);
}

/* VMMALLOC_FORK, from 0 to 3. Not set means 1, in settings_read_pool(). */
static enum settings_fork
read_fork(const char *text)
{
	uint64_t number;

	if (number_read(pass_over_blanks(text), FORK_SHARED,
		FORK_COPY_OR_PRIVATE, &number) != 0)
		log_fatal(
		    "incorrect VMMALLOC_FORK value (%s)", cut(text, 64).text);
	return (enum settings_fork)number;
}

/*
 * Of several faults the first of directory, size, fork and the others is named,
 * as by vmem. Hence two passes over the table: the first, in which faults are
 * passed over, for the kind and the directory, which decide whether directory
 * and size are asked for at all; the second for what is wrong in the rest. The
 * log's variables come last.
 */
void
settings_read_pool(struct settings *settings, char *const *environment)
{
	const char *fork = variable_in(environment, "VMMALLOC_FORK");

	settings->environment = environment;
	read_table(settings, pool_settings, ARRAY_SIZE(pool_settings),
	    environment, false);
	if (settings->kind == NULL)
		read_directory_and_size(settings, environment);
	settings->fork_given = fork != NULL;
	settings->fork = fork != NULL ? read_fork(fork) : FORK_PRIVATE;
	read_table(settings, pool_settings, ARRAY_SIZE(pool_settings),
	    environment, true);
	read_table(settings, log_settings, ARRAY_SIZE(log_settings),
	    environment, true);
}
