/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * conf.h - options in jemalloc's form, "name:value" with commas, for facades
 * whose users have given such to the library that they stand in for.
 *
 * Owns nothing: a value. What has a meaning for a kind is taken, what a facade
 * passes over has none, and anything else gets a line on standard error, as
 * jemalloc has it.
 */
#ifndef SUPPORT_CONF_H
#define SUPPORT_CONF_H

#include "spec/spec.h"

struct conf {
	unsigned arenas; /* of a kind; 0: as needed */
	size_t cached;   /* the largest size in thread caches; 0: as usual */
	bool uncached;   /* no size is */
	bool decay_given;
	int64_t decay_ms;
	bool stats_print;       /* when the process ends */
	bool background_thread; /* gives back what is free */
};

/* Reads TEXT into *CONF. PASSED_OVER: names without a meaning, NULL at the end.
 */
void conf_read(
    struct conf *conf, const char *text, const char *const *passed_over);

/* Has a kind do as CONF says. */
void conf_apply(const struct conf *conf, struct spec *spec);

#endif /* SUPPORT_CONF_H */
