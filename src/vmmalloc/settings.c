/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * settings.c - what the environment asks of the shim. See settings.h.
 */
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "support/environment.h"
#include "support/numbers.h"
#include "support/setting.h"
#include "vmmalloc/log.h"
#include "vmmalloc/settings.h"

/* vmem read its numbers by atoll(3), which passes over blanks and a sign. */
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

static const struct setting log_settings[] = {
	{ "VMMALLOC_LOG_STATS", FIELD(log_stats), SWITCH },
	{ "VMMALLOC_LOG_FILE", FIELD(log_file), .form = SETTING_TEXT },
	{ "VMMALLOC_LOG_LEVEL", FIELD(log_level), .form = SETTING_NUMBER,
	    .max = INT_MAX,
	    .complaint = "is not a level; write a whole number from 0 to 4" },
};

static const char *const fallback_words[] = { "dram", NULL };
static const struct setting pool_settings[] = {
	{ "VMMALLOC_KIND", FIELD(kind), .form = SETTING_TEXT },
	{ "VMMALLOC_POOL_DIR", FIELD(directory), .form = SETTING_TEXT },
	{ "VMMALLOC_RESERVE", FIELD(reserve), SWITCH },
	{ "VMMALLOC_FALLBACK", FIELD(fallback), .form = SETTING_CHOICE,
	    .words = fallback_words,
	    .complaint = "is not a kind to fall back to; write dram" },
};

/* Reads COUNT settings; what is not valid ends the process, or is passed over
 * where FATAL is false. */
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

/* Nothing can be said of a wrong value before the log is open, which is what
 * these are about: settings_read_pool() reads them again. */
void
settings_read_log(struct settings *settings, char *const *environment)
{
	read_table(settings, log_settings, ARRAY_SIZE(log_settings),
	    environment, false);
}

/* ---- What is not in a table ---------------------------------------------- */

/* A size that is too large for 64 bits is too large for any file. */
static uint64_t
read_size(const char *text)
{
	const char *digits = pass_over_blanks(text);
	bool negative = *digits == '-';
	size_t size = 0;
	int error = size_read(digits + negative, &size);

	if (error == EINVAL)
		log_fatal("VMMALLOC_POOL_SIZE=%.64s is not a size; write "
			  "bytes, or a whole number with K, M, G or T",
		    text);
	if (negative && (size != 0 || error == ERANGE))
		log_fatal("negative VMMALLOC_POOL_SIZE");
	return error == ERANGE ? UINT64_MAX : size;
}

/* The pool as a directory and a size, the way it has always been: the sentences
 * are those that users of vmem's libvmmalloc know. */
static void
read_directory_and_size(struct settings *settings, char *const *environment)
{
	const char *text;

	if (settings->directory == NULL)
		log_fatal("environment variable VMMALLOC_POOL_DIR "
			  "not specified");
	text = variable_in(environment, "VMMALLOC_POOL_SIZE");
	if (text == NULL)
		log_fatal("environment variable VMMALLOC_POOL_SIZE "
			  "not specified");
	settings->size = read_size(text);
	if (settings->size < SETTINGS_MIN_POOL)
		log_fatal("VMMALLOC_POOL_SIZE value is less than minimum "
			  "(%llu < %zu)",
		    (unsigned long long)settings->size, SETTINGS_MIN_POOL);
}

static enum settings_fork
read_fork(const char *text)
{
	uint64_t number;

	if (number_read(pass_over_blanks(text), FORK_SHARED,
		FORK_COPY_OR_PRIVATE, &number) != 0)
		log_fatal("incorrect VMMALLOC_FORK value (%.64s)", text);
	return (enum settings_fork)number;
}

void
settings_read_pool(struct settings *settings, char *const *environment)
{
	const char *fork = variable_in(environment, "VMMALLOC_FORK");

	/* Of several faults the first of directory, size, fork and the others
	 * is named. */
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
