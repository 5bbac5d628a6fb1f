/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * conf.c - options in jemalloc's form. See conf.h.
 */
#include "spec/conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/os.h"

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
apply(struct conf *conf, const struct option *option,
    const char *const *passed_over)
{
	long number;
	bool yes;

	if (is_named(option, "narenas")) {
		if (read_number(option, 1, 4096, &number))
			conf->arenas = (unsigned)number;
	} else if (is_named(option, "tcache")) {
		if (read_bool(option, &yes))
			conf->cached = yes ? 0 : 1;
	} else if (is_named(option, "lg_tcache_max")) {
		if (read_number(option, 0, 62, &number))
			conf->cached = (size_t)1 << number;
	} else if (is_named(option, "dirty_decay_ms")) {
		conf->decay_given = read_number(option, -1, 1L << 40, &number);
		conf->decay_ms = number;
	} else if (is_named(option, "stats_print")) {
		read_bool(option, &conf->stats_print);
	} else if (is_named(option, "background_thread")) {
		read_bool(option, &conf->background_thread);
	} else {
		for (; *passed_over != NULL; passed_over++)
			if (is_named(option, *passed_over))
				return;
		complain("Invalid conf pair", option);
	}
}

void
conf_read(struct conf *conf, const char *text, const char *const *passed_over)
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
		apply(conf, &option, passed_over);
		text = option.value + option.value_length + (comma != NULL);
	}
}

void
conf_apply(const struct conf *conf, struct spec *spec)
{
	spec->arenas = conf->arenas;
	spec->cached = conf->cached;
	spec->decay_given = conf->decay_given;
	spec->decay_ms = conf->decay_ms;
}
