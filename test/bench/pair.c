/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pair.c - what malloc costs: nanoseconds for a pair of malloc and free by
 * size, and for one of each on a random window of 1024 blocks, the best of a
 * few rounds; with an argument in so many threads at once. Compiled with
 * LIBVMEM the blocks come from a pool of libvmem, in the directory POOL_DIR.
 * Started by test/bench/run under different libraries.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"

#ifdef LIBVMEM
#include <libvmem.h>
static VMEM *pool;
#define NEW(size) vmem_malloc(pool, size)
#define DELETE(ptr) vmem_free(pool, ptr)
#else
#define NEW(size) malloc(size)
#define DELETE(ptr) free(ptr)
#endif

#define PAIRS 400000
#define ROUNDS 5
#define WINDOW 1024
#define THREADS_MAX 16

static double
pairs(size_t size)
{
	double start = now();

	for (int i = 0; i < PAIRS; i++) {
		void *ptr = NEW(size);

		__asm__ volatile("" : : "r"(ptr) : "memory");
		DELETE(ptr);
	}
	return (now() - start) / PAIRS;
}

/* Of 16 to 1039 bytes. */
static double
window(size_t unused)
{
	void *block[WINDOW] = { NULL };
	unsigned random = 1;
	double start = now();

	(void)unused;
	for (int i = 0; i < PAIRS; i++) {
		random = random * 1664525 + 1013904223;
		void **at = &block[(random >> 10) % WINDOW];

		DELETE(*at);
		*at = NEW(16 + (random >> 20) % 1024);
	}
	start = now() - start;
	for (int i = 0; i < WINDOW; i++)
		DELETE(block[i]);
	return start / PAIRS;
}

struct run {
	double (*measure)(size_t size);
	size_t size;
	double best;
};

static void *
measure(void *argument)
{
	struct run *run = argument;

	run->best = run->measure(run->size);
	for (int round = 0; round < ROUNDS; round++) {
		double ns = run->measure(run->size);

		run->best = ns < run->best ? ns : run->best;
	}
	return NULL;
}

/* Measures in all threads at once, and gives their mean. */
static double
in_threads(unsigned count, const struct run *run)
{
	pthread_t thread[THREADS_MAX];
	struct run runs[THREADS_MAX];
	double sum = 0;

	for (unsigned i = 0; i < count; i++) {
		runs[i] = *run;
		pthread_create(&thread[i], NULL, measure, &runs[i]);
	}
	for (unsigned i = 0; i < count; i++) {
		pthread_join(thread[i], NULL);
		sum += runs[i].best;
	}
	return sum / count;
}

int
main(int argc, char **argv)
{
	static const size_t sizes[] = { 16, 64, 256, 1024, 4096, 65536 };
	unsigned threads = argc > 1 ? (unsigned)atoi(argv[1]) : 1;

	if (threads == 0 || threads > THREADS_MAX)
		return EXIT_FAILURE;
#ifdef LIBVMEM
	pool = vmem_create(getenv("POOL_DIR"), (size_t)64 << 20);
	if (pool == NULL) {
		fprintf(stderr, "%s\n", vmem_errormsg());
		return EXIT_FAILURE;
	}
#endif
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct run run = { .measure = pairs, .size = sizes[i] };

		printf("pair of %zu bytes, ns\t%.2f\n", sizes[i],
		    in_threads(threads, &run));
	}
	struct run run = { .measure = window };
	printf("window of 1024 blocks, ns\t%.2f\n", in_threads(threads, &run));
	return EXIT_SUCCESS;
}
