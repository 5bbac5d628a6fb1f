/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record_write_none.c - in place of record_write.c, record_dhat.c and
 * record_trace.c in a build without profiles. See recorded.h.
 *
 * Owns nothing.
 */
#include "tool/recorded.h"

int
record_write(const struct run *run, struct merge *merge)
{
	(void)run;
	(void)merge;
	return 0;
}

int
record_by_dhat(const struct run *run)
{
	(void)run;
	return 0;
}

int
record_trace(const struct run *run, const struct rules_table *table)
{
	(void)run;
	(void)table;
	return 0;
}

const char *
record_lacks(void)
{
	return "this build has no profiles of programs: configure it where "
	       "libprotobuf-c-dev, protobuf-c-compiler and zlib1g-dev are";
}
