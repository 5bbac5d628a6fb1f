/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kind.c - what kinds cost: to open, the first of the process and those after
 * it; pairs of malloc and free by size; how much of a file kind blocks of one
 * size obtain, before and after another size; and pairs while much of a kind
 * is in use, so that its marks send large blocks to the next. Started by
 * test/bench/run with the text of a kind, and "fill" or "marks" for the latter.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolkind.h>

#include "clock.h"

#define PAIRS 400000
#define ROUNDS 5
#define REOPENED 200
#define HELD 48
#define HELD_BYTES ((size_t)1 << 20)

static const size_t sizes[] = { 16, 64, 256, 1024, 4096, 65536, 1 << 20 };
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

static double
pairs(poolkind *kind, size_t size)
{
	double start = now();

	for (int i = 0; i < PAIRS; i++) {
		void *ptr = poolkind_malloc(kind, size);

		__asm__ volatile("" : : "r"(ptr) : "memory");
		poolkind_free(kind, ptr);
	}
	return (now() - start) / PAIRS;
}

static void
print_best(poolkind *kind, size_t size)
{
	double best = pairs(kind, size);

	for (int round = 0; round < ROUNDS; round++) {
		double ns = pairs(kind, size);

		best = ns < best ? ns : best;
	}
	printf("pair of %zu bytes, ns\t%.2f\n", size, best);
}

/* Small blocks, the least that marks are for, and such as no cache has. */
static void
marks(poolkind *kind)
{
	static const size_t by_size[] = { 64, 65536, 4 << 20 };

	for (int i = 0; i < HELD; i++)
		if (poolkind_of(poolkind_malloc(kind, HELD_BYTES)) != kind)
			break;
	for (size_t i = 0; i < sizeof(by_size) / sizeof(by_size[0]); i++)
		print_best(kind, by_size[i]);
}

/* Fills the kind with blocks of one size, frees them, says the percentage. */
static void
fill(poolkind *kind, size_t size)
{
	struct poolkind_stats stats;
	void **block, *last = NULL;
	size_t blocks = 0;

	poolkind_get_stats(kind, &stats, sizeof(stats));
	while ((block = poolkind_malloc(kind, size)) != NULL) {
		*block = last;
		last = block;
		blocks++;
	}
	while ((block = last) != NULL) {
		last = *block;
		poolkind_free(kind, block);
	}
	printf("fill with %zu bytes, %%\t%.2f\n", size,
	    100.0 * (double)blocks / (double)(stats.size / size));
}

/* Opens, takes a first block and closes. */
static void
reopen(const char *text)
{
	double start = now();

	for (int i = 0; i < REOPENED; i++) {
		poolkind *kind = poolkind_open(text, 0);

		poolkind_free(kind, poolkind_malloc(kind, 100));
		poolkind_close(kind);
	}
	printf(
	    "open, block, close, us\t%.2f\n", (now() - start) / REOPENED / 1e3);
}

int
main(int argc, char **argv)
{
	double start = now();
	poolkind *kind = argc < 2 ? NULL : poolkind_open(argv[1], 0);

	if (kind == NULL) {
		fprintf(stderr, "%s\n", poolkind_errormsg());
		return EXIT_FAILURE;
	}
	if (argc == 2) {
		printf("first open, us\t%.2f\n", (now() - start) / 1e3);
		reopen(argv[1]);
	}
	if (argc > 2 && strcmp(argv[2], "marks") == 0) {
		marks(kind);
		return EXIT_SUCCESS;
	}
	for (size_t i = 0; i < SIZES; i++) {
		if (argc > 2) {
			fill(kind, sizes[i]);
			continue;
		}
		if (sizes[i] > 65536)
			continue;
		print_best(kind, sizes[i]);
	}
	return poolkind_close(kind);
}
