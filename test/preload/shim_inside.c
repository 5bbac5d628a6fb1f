/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shim_inside.c - every block of every thread lies in the pool: from 64 bytes
 * to 256 MiB (or the size of the argument, in MiB), by every function.
 */
#include <malloc.h>
#include <pthread.h>

#include "shim_check.h"

#define THREADS 8
#define SMALL 1500 /* blocks a thread and size, to get past any cache */

/* What all threads hold at once leaves room in the smallest pool of the test,
 * 64 MiB, for slabs that are partly used. */
_Static_assert(THREADS *SMALL * 4096 <= 48 << 20, "too much for the pool");

static struct pool_range ranges[64];
static int count;
static size_t largest = (size_t)256 << 20;
static pthread_barrier_t all_hold;

/* Whether the block is in what was the pool at the start. */
static bool
inside(const void *p, size_t size)
{
	uintptr_t at = (uintptr_t)p;

	for (int i = 0; i < count; i++)
		if (at >= ranges[i].begin && at + size <= ranges[i].end)
			return true;
	return false;
}

static void *
allocate(int how, size_t size)
{
	void *p;

	switch (how % 6) {
	case 0:
		return calloc(1, size);
	case 1:
		return realloc(malloc(size / 2 + 1), size);
	case 2:
		return memalign(64, size);
	case 3:
		return posix_memalign(&p, 4096, size) == 0 ? p : NULL;
	default:
		return malloc(size);
	}
}

static void *
many_small(void *missed)
{
	void **blocks = malloc(SMALL * sizeof(*blocks));
	long outside = !inside(blocks, SMALL * sizeof(*blocks));

	for (size_t size = 64; size <= 4096; size *= 2) {
		for (int i = 0; i < SMALL; i++) {
			blocks[i] = allocate(i, size);
			outside += !inside(blocks[i], size);
		}
		pthread_barrier_wait(&all_hold);
		for (int i = 0; i < SMALL; i++)
			free(blocks[i]);
	}
	free(blocks);
	*(long *)missed = outside;
	return NULL;
}

static void *
few_large(void *missed)
{
	long outside = 0;

	for (size_t size = 8192; size <= largest / THREADS; size *= 2)
		for (int how = 0; how < 6; how++) {
			void *p = allocate(how, size);

			outside += !inside(p, size);
			free(p);
		}
	*(long *)missed = outside;
	return NULL;
}

static long
in_threads(void *(*work)(void *))
{
	pthread_t threads[THREADS];
	long missed[THREADS], sum = 0;

	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, work, &missed[i]);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		sum += missed[i];
	}
	return sum;
}

static long
one_by_one(void)
{
	long outside = 0;

	for (size_t size = 64; size <= largest; size = size * 2 - size / 2) {
		void *p = malloc(size);

		outside += !inside(p, size);
		free(p);
	}
	for (size_t size = 9 << 20; size <= largest; size *= 2) {
		void *p = calloc(1, size);

		outside += !inside(p, size) || !all_bytes(p, 0, size);
		free(p);
	}
	void *p = malloc(largest);

	outside += !inside(p, largest);
	free(p);
	return outside;
}

/* Makes one of mappings that touch: what of the pool was not needed yet is
 * mapped unreadable. */
static int
joined(struct pool_range *range, int mappings)
{
	int runs = 0;

	for (int i = 0; i < mappings; i++)
		if (runs != 0 && range[runs - 1].end == range[i].begin)
			range[runs - 1].end = range[i].end;
		else
			range[runs++] = range[i];
	return runs;
}

int
main(int argc, char **argv)
{
	void *p = malloc(100);

	if (argc > 1)
		largest = strtoul(argv[1], NULL, 10) << 20;
	count = joined(ranges, pool_ranges(ranges, 64));
	pthread_barrier_init(&all_hold, NULL, THREADS);
	CHECK("the pool is one run of addresses", count == 1);
	CHECK("a first block is inside", inside(p, 100));
	CHECK("one thread, all sizes", one_by_one() == 0);
	CHECK("eight threads, small blocks", in_threads(many_small) == 0);
	CHECK("eight threads, large blocks", in_threads(few_large) == 0);
	CHECK("eight new threads, small blocks", in_threads(many_small) == 0);
	CHECK("a last block is inside", inside(realloc(p, 5000), 5000));
	return failures != 0;
}
