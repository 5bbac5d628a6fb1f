/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pair.c - what the process's malloc costs: nanoseconds for a pair of malloc
 * and free, a line "SIZE NS" for each size, the best of a few rounds each.
 * Started by test/bench/run under different libraries.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define PAIRS 400000
#define ROUNDS 5

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double
pairs(size_t size)
{
	double start = now();

	for (int i = 0; i < PAIRS; i++) {
		void *ptr = malloc(size);

		__asm__ volatile("" : : "r"(ptr) : "memory");
		free(ptr);
	}
	return (now() - start) / PAIRS;
}

int
main(void)
{
	static const size_t sizes[] = { 16, 64, 256, 1024, 65536 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		double best = pairs(sizes[i]);

		for (int round = 0; round < ROUNDS; round++) {
			double ns = pairs(sizes[i]);

			best = ns < best ? ns : best;
		}
		printf("pair of %zu bytes, ns\t%.2f\n", sizes[i], best);
	}
	return 0;
}
