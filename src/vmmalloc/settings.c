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

/* A variable that is 0 or 1, and 0 where it is not set. */
static bool
read_switch(char *const *environment, const char *name)
{
	const char *text = variable_in(environment, name);
	bool on = false;

	if (text != NULL && switch_read(text, &on) != 0)
		log_fatal("%s: \"%.64s\" is neither 0 nor 1", name, text);
	return on;
}

void
settings_read_log(struct settings *settings, char *const *environment)
{
	const char *stats = variable_in(environment, "VMMALLOC_LOG_STATS");

	settings->log_stats = stats != NULL && strcmp(stats, "1") == 0;
	settings->log_file = variable_in(environment, "VMMALLOC_LOG_FILE");
	settings->log_level = variable_in(environment, "VMMALLOC_LOG_LEVEL");
}

/* What settings_read_log() could not complain of, as there was no log yet. */
static void
check_log(const struct settings *settings, char *const *environment)
{
	uint64_t level;

	read_switch(environment, "VMMALLOC_LOG_STATS");
	if (settings->log_level != NULL &&
	    number_read(settings->log_level, 0, INT_MAX, &level) != 0)
		log_fatal("VMMALLOC_LOG_LEVEL: \"%.64s\" is not a level; write "
			  "a whole number from 0 to 4",
		    settings->log_level);
}

/* A size that is too large for 64 bits is too large for any file. */
static uint64_t
read_size(const char *text)
{
	const char *digits = pass_over_blanks(text);
	bool negative = *digits == '-';
	size_t size = 0;
	int error = size_read(digits + negative, &size);

	if (error == EINVAL)
		log_fatal("VMMALLOC_POOL_SIZE: \"%.64s\" is not a size; write "
			  "bytes, or a whole number with K, M, G or T",
		    text);
	if (negative && (size != 0 || error == ERANGE))
		log_fatal("negative VMMALLOC_POOL_SIZE");
	return error == ERANGE ? UINT64_MAX : size;
}

/* The pool as a directory and a size, the way it has always been. */
static void
read_directory_and_size(struct settings *settings, char *const *environment)
{
	const char *text;

	settings->directory = variable_in(environment, "VMMALLOC_POOL_DIR");
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

static bool
read_fallback(char *const *environment)
{
	const char *text = variable_in(environment, "VMMALLOC_FALLBACK");

	if (text != NULL && strcmp(text, "dram") != 0)
		log_fatal("VMMALLOC_FALLBACK: \"%.64s\" is not a kind to fall "
			  "back to; write dram",
		    text);
	return text != NULL;
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
	const char *fork;

	settings->kind = variable_in(environment, "VMMALLOC_KIND");
	if (settings->kind == NULL)
		read_directory_and_size(settings, environment);
	fork = variable_in(environment, "VMMALLOC_FORK");
	settings->fork_given = fork != NULL;
	settings->fork = fork != NULL ? read_fork(fork) : FORK_PRIVATE;
	settings->reserve = read_switch(environment, "VMMALLOC_RESERVE");
	settings->fallback = read_fallback(environment);
	check_log(settings, environment);
}
