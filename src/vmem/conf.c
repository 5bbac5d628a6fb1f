/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * conf.c - the options in JE_VMEM_MALLOC_CONF, "name:value" with commas.
 *
 * The names are those of jemalloc 3.6, and the decay times of its successors.
 * What has a meaning for a pool is taken, what has none any more is passed over
 * in silence, anything else gets a line on standard error, as it always did.
 * Owns nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmem/facade.h"

/* Options of old that nothing here answers to. */
static const char *const passed_over[] = {
	"abort",
	"lg_chunk",
	"dss",
	"lg_dirty_mult",
	"junk",
	"quarantine",
	"redzone",
	"zero",
	"utrace",
	"valgrind",
	"xmalloc",
	"prof",
	"prof_prefix",
	"prof_active",
	"lg_prof_sample",
	"prof_accum",
	"lg_prof_interval",
	"prof_gdump",
	"prof_final",
	"prof_leak",
	"muzzy_decay_ms",
};

struct option {
	const char *name, *value;
	int name_length, value_length;
};

static void
complain(const char *what, const struct option *option)
{
	char line[256];
	int length = snprintf(line, sizeof(line),
	    "<jemalloc>: %s: "
	    "%.*s:%.*s\n",
	    what, option->name_length, option->name, option->value_length,
	    option->value);

	os_write(2, line, min_size((size_t)length, sizeof(line) - 1));
}

static bool
is_named(const struct option *option, const char *name)
{
	return strlen(name) == (size_t)option->name_length &&
	    strncmp(option->name, name, (size_t)option->name_length) == 0;
}

static bool
read_bool(const struct option *option, bool *value)
{
	*value = strncmp(option->value, "true", 4) == 0 &&
	    option->value_length == 4;
	if (*value ||
	    (option->value_length == 5 &&
		strncmp(option->value, "false", 5) == 0))
		return true;
	complain("Invalid conf value", option);
	return false;
}

static bool
read_number(const struct option *option, long least, long most, long *value)
{
	char *end;

	*value = strtol(option->value, &end, 0);
	if (end != option->value + option->value_length ||
	    option->value_length == 0) {
		complain("Invalid conf value", option);
		return false;
	}
	if (*value >= least && *value <= most)
		return true;
	complain("Out-of-range conf value", option);
	return false;
}

static void
apply(struct vmem_settings *settings, const struct option *option)
{
	long number;
	bool yes;

	if (is_named(option, "narenas")) {
		if (read_number(option, 1, 4096, &number))
			settings->arenas = (unsigned)number;
	} else if (is_named(option, "tcache")) {
		if (read_bool(option, &yes))
			settings->cached = yes ? 0 : 1;
	} else if (is_named(option, "lg_tcache_max")) {
		if (read_number(option, 0, 62, &number))
			settings->cached = (size_t)1 << number;
	} else if (is_named(option, "dirty_decay_ms")) {
		settings->decay_given = read_number(
		    option, -1, 1L << 40, &number);
		settings->decay_ms = number;
	} else if (is_named(option, "stats_print")) {
		read_bool(option, &settings->stats_print);
	} else {
		for (size_t i = 0; i < ARRAY_SIZE(passed_over); i++)
			if (is_named(option, passed_over[i]))
				return;
		complain("Invalid conf pair", option);
	}
}

void
conf_read(struct vmem_settings *settings, const char *text)
{
	while (*text != '\0') {
		struct option option = { .name = text };
		const char *colon = strchr(text, ':'), *comma;

		if (colon == NULL) {
			option.name_length = (int)strlen(text);
			option.value = text + option.name_length;
			complain("Invalid conf pair", &option);
			return;
		}
		option.name_length = (int)(colon - text);
		option.value = colon + 1;
		comma = strchr(colon, ',');
		option.value_length = comma == NULL ?
		    (int)strlen(option.value) :
		    (int)(comma - option.value);
		apply(settings, &option);
		text = option.value + option.value_length + (comma != NULL);
	}
}
