/* SPDX-License-Identifier: BSD-2-Clause */
/* clock.h - the clock of every benchmark. */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include <time.h>

/* In ns. */
static inline double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static inline double
now_ms(void)
{
	return now() / 1e6;
}

#endif /* BENCH_CLOCK_H */
