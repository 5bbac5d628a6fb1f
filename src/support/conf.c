/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * conf.c - options in jemalloc's form. See conf.h.
 *
 * Owns nothing, takes no lock, allocates nothing. Nothing fails: a pair that is
 * not understood gets a line on standard error, in jemalloc's words, which
 * users and tests of the old libraries know, and the other pairs count all the
 * same.
 */
#include "support/conf.h"

#include <stdlib.h>

#include "support/log.h"
#include "support/numbers.h"

#define CONF_HEAD "<jemalloc>: "

static void
complain(const char *what, struct word name, struct word value)
{
	log_say(&log_standard_error, 0, CONF_HEAD, "%s: %.*s:%.*s", what,
	    WORD(name), WORD(value));
}

/* ---- What options set ---------------------------------------------------- */

static void
set_arenas(struct conf *conf, long number)
{
	conf->arenas = (unsigned)number;
}

static void
set_tcache(struct conf *conf, long yes)
{
	conf->uncached = !yes;
}

static void
set_tcache_max(struct conf *conf, long power)
{
	conf->cached = (size_t)1 << power;
}

static void
set_decay(struct conf *conf, long milliseconds)
{
	conf->decay_given = true;
	conf->decay_ms = milliseconds;
}

static void
set_stats_print(struct conf *conf, long yes)
{
	conf->stats_print = yes;
}

static void
set_background_thread(struct conf *conf, long yes)
{
	conf->background_thread = yes;
}

/* ---- The table ----------------------------------------------------------- */

/* What has a meaning for a kind. A new option is a field of struct conf, a
 * function that sets it, and a row here; bounds are jemalloc's or narrower. */
static const struct conf_option {
	const char *name;
	void (*set)(struct conf *conf, long value);
	long min, max;
	bool is_bool; /* true or false, instead of a number */
} options[] = {
	{ "narenas", set_arenas, 1, 4096, false },
	{ "tcache", set_tcache, 0, 0, true },
	{ "lg_tcache_max", set_tcache_max, 0, 62, false },
	{ "dirty_decay_ms", set_decay, -1, 1L << 40, false },
	{ "stats_print", set_stats_print, 0, 0, true },
	{ "background_thread", set_background_thread, 0, 0, true },
};

/* Numbers are those of strtol(3), as jemalloc takes them: negative ones,
 * hexadecimal ones. What is wrong with VALUE, NULL if nothing. */
static const char *
read_value(const struct conf_option *option, struct word value, long *result)
{
	char *end;

	if (option->is_bool) {
		*result = word_is(value, "true");
		return *result || word_is(value, "false") ?
		    NULL :
		    "Invalid conf value";
	}
	*result = strtol(value.text, &end, 0);
	if (value.length == 0 || end != value.text + value.length)
		return "Invalid conf value";
	return *result >= option->min && *result <= option->max ?
	    NULL :
	    "Out-of-range conf value";
}

/* One pair: set, passed over, or complained of. A value that is not valid
 * leaves the default, or what an earlier pair set. */
static void
apply(struct conf *conf, struct word name, struct word value,
    const char *const *passed_over)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		const char *wrong;
		long number;

		if (!word_is(name, options[i].name))
			continue;
		wrong = read_value(&options[i], value, &number);
		if (wrong != NULL)
			complain(wrong, name, value);
		else
			options[i].set(conf, number);
		return;
	}
	for (; *passed_over != NULL; passed_over++)
		if (word_is(name, *passed_over))
			return;
	complain("Invalid conf pair", name, value);
}

/* A pair without a colon ends the reading, as jemalloc's parser stops there,
 * too. */
void
conf_read(struct conf *conf, const char *text, const char *const *passed_over)
{
	struct word rest = word_of(text), pair, name;

	/* A comma at the end has nothing behind it, as in jemalloc. */
	while (rest.length > 0 && word_next(&rest, ',', &pair)) {
		word_next(&pair, ':', &name);
		if (pair.text == NULL) {
			complain("Invalid conf pair", name, word_of(""));
			return;
		}
		apply(conf, name, pair, passed_over);
	}
}

/* tcache:false leaves thread caches the largest size of 1 byte, which no block
 * has, so none is cached, whatever lg_tcache_max says before or behind it; 0
 * would stand for the usual size. stats_print and background_thread mean
 * nothing to a kind: the facade does what they say. */
void
conf_apply(const struct conf *conf, struct spec *spec)
{
	spec->arenas = conf->arenas;
	spec->cached = conf->uncached ? 1 : conf->cached;
	spec->decay_given = conf->decay_given;
	spec->decay_ms = conf->decay_ms;
}
