/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * places_none.c - places.h in a build without elfutils' libdw: lines and
 * functions cannot be found, and places_lack() says so before they are sought.
 */
#include "rules/places.h"

const char *
places_lack(void)
{
	return "needs debug information, which this build cannot read: install "
	       "libdw (Debian: libdw-dev) and build again";
}

struct call_finder *
calls_open(const char *path)
{
	(void)path;
	return NULL;
}

void
calls_close(struct call_finder *calls)
{
	(void)calls;
}

bool
calls_may_return(
    const struct call_finder *calls, uint64_t offset, uint64_t *near)
{
	(void)calls;
	(void)offset;
	*near = 0;
	return true;
}

int
places_find(const struct rules *rules, const struct place_index *index,
    struct rules_file *file, struct findings *findings)
{
	(void)rules;
	(void)index;
	(void)file;
	(void)findings;
	return 0;
}

int
places_near(const struct rule *rule, size_t number,
    const struct rules_file *file, struct findings *findings)
{
	(void)rule;
	(void)number;
	(void)file;
	(void)findings;
	return 0;
}
