/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clock.h - the time of a clock, for who measures. Owns nothing, cannot fail.
 */
#ifndef TOOL_CLOCK_H
#define TOOL_CLOCK_H

#include <time.h>

static inline double
clock_seconds(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* What this process has used of its processors. */
static inline double
clock_used_ms(void)
{
	return clock_seconds(CLOCK_PROCESS_CPUTIME_ID) * 1000;
}

#endif /* TOOL_CLOCK_H */
