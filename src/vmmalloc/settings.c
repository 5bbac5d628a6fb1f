/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * settings.c - what the environment asks of the shim. See settings.h.
 */
#include <stdint.h>
#include <string.h>

#include "vmmalloc/log.h"
#include "vmmalloc/settings.h"

const char *
settings_variable(char *const *environment, const char *name)
{
	size_t length = strlen(name);

	if (environment == NULL)
		return NULL;
	for (; *environment != NULL; environment++)
		if (strncmp(*environment, name, length) == 0 &&
		    (*environment)[length] == '=')
			return *environment + length + 1;
	return NULL;
}

/* Reads a number as atoll(3) does (leading blanks, a sign, digits, the rest
 * ignored), but stays at the ends of its range. END receives what follows. */
static int64_t
parse_number(const char *text, const char **end)
{
	bool negative;
	int64_t value = 0;

	while (*text == ' ' || (*text >= '\t' && *text <= '\r'))
		text++;
	negative = *text == '-';
	if (*text == '-' || *text == '+')
		text++;
	for (; *text >= '0' && *text <= '9'; text++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, *text - '0', &value))
			value = INT64_MAX;
	}
	*end = text;
	return negative ? -value : value;
}

/* Power of two that a size's suffix stands for. */
static unsigned
suffix_shift(char suffix)
{
	switch (suffix) {
	case 'k':
	case 'K':
		return 10;
	case 'm':
	case 'M':
		return 20;
	case 'g':
	case 'G':
		return 30;
	case 't':
	case 'T':
		return 40;
	default:
		return 0;
	}
}

static int64_t
parse_size(const char *text)
{
	const char *end;
	int64_t value = parse_number(text, &end);
	int64_t unit = (int64_t)1 << suffix_shift(*end);

	if (value > INT64_MAX / unit)
		return INT64_MAX;
	return value < 0 ? value : value * unit;
}

void
settings_read_log(struct settings *settings, char *const *environment)
{
	const char *stats;

	stats = settings_variable(environment, "VMMALLOC_LOG_STATS");
	settings->log_stats = stats != NULL && strcmp(stats, "1") == 0;
	settings->log_file = settings_variable(
	    environment, "VMMALLOC_LOG_FILE");
	settings->log_level = settings_variable(
	    environment, "VMMALLOC_LOG_LEVEL");
}

/* The pool as a directory and a size, the way it has always been. */
static void
read_directory_and_size(struct settings *settings, char *const *environment)
{
	const char *text;
	int64_t size;

	settings->directory = settings_variable(
	    environment, "VMMALLOC_POOL_DIR");
	if (settings->directory == NULL)
		log_fatal("environment variable VMMALLOC_POOL_DIR "
			  "not specified");
	text = settings_variable(environment, "VMMALLOC_POOL_SIZE");
	if (text == NULL)
		log_fatal("environment variable VMMALLOC_POOL_SIZE "
			  "not specified");
	size = parse_size(text);
	if (size < 0)
		log_fatal("negative VMMALLOC_POOL_SIZE");
	if ((uint64_t)size < SETTINGS_MIN_POOL)
		log_fatal("VMMALLOC_POOL_SIZE value is less than minimum "
			  "(%llu < %zu)",
		    (unsigned long long)size, SETTINGS_MIN_POOL);
	settings->size = (uint64_t)size;
}

void
settings_read_pool(struct settings *settings, char *const *environment)
{
	const char *text, *end;
	int64_t number;

	settings->kind = settings_variable(environment, "VMMALLOC_KIND");
	if (settings->kind == NULL)
		read_directory_and_size(settings, environment);
	text = settings_variable(environment, "VMMALLOC_FORK");
	settings->fork_given = text != NULL;
	settings->fork = FORK_PRIVATE;
	if (text != NULL) {
		number = parse_number(text, &end);
		if (number < FORK_SHARED || number > FORK_COPY_OR_PRIVATE)
			log_fatal("incorrect VMMALLOC_FORK value (%lld)",
			    (long long)number);
		settings->fork = (enum settings_fork)number;
	}
	text = settings_variable(environment, "VMMALLOC_RESERVE");
	settings->reserve = text != NULL && strcmp(text, "1") == 0;
}
