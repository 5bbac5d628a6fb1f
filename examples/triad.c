/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * triad.c - STREAM's triad, a[i] = b[i] + q * c[i], on arrays in two kinds: the
 * memory that is best for it, and the one that is largest. The best is asked
 * for by attribute, and what the machine cannot tell is done without.
 *
 *	./triad [MIB [KIND...]]    by default 24 MiB an array; hbw, bandwidth or
 *	                           dram, and then capacity or dram
 *
 * McCalpin, J. D.: Memory Bandwidth and Machine Balance in Current High
 * Performance Computers. IEEE TCCA Newsletter, 1995.
 */
#include <poolkind.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NODES 64

static int
print_help(void)
{
	puts("usage: triad [MIB [KIND...]]\n\n"
	     "Measures a[i] = b[i] + q * c[i] on arrays of MIB MiB (24) in\n"
	     "two kinds: the one with the highest bandwidth that this\n"
	     "machine has, and the largest.");
	return 0;
}

/* The first of the COUNT kinds that this machine has. */
static poolkind *
open_one(const char *const *texts, int count)
{
	for (int i = 0; i < count; i++) {
		poolkind *kind = poolkind_open(texts[i], 0);

		if (kind != NULL)
			return kind;
		printf("not %s: %s\n", texts[i], poolkind_errormsg());
	}
	return NULL;
}

static double
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The best of five rounds, in bytes a second. */
static double
triad(double *a, const double *b, const double *c, size_t count)
{
	double best = 0;

	for (int round = 0; round < 5; round++) {
		double start = seconds(), rate;

		for (size_t i = 0; i < count; i++)
			a[i] = b[i] + 3.0 * c[i];
		rate = 3.0 * sizeof(double) * (double)count /
		    (seconds() - start);
		best = rate > best ? rate : best;
	}
	return best;
}

static int
run(poolkind *kind, size_t mib)
{
	size_t count = (mib << 20) / sizeof(double), bytes[NODES];
	double *array[3], rate;

	for (int i = 0; i < 3; i++) {
		array[i] = poolkind_aligned_alloc(
		    kind, 4096, count * sizeof(double));
		if (array[i] == NULL) {
			printf("%s has no room\n", poolkind_text(kind));
			return 1;
		}
		for (size_t k = 0; k < count; k++)
			array[i][k] = i;
	}
	rate = triad(array[0], array[1], array[2], count);
	printf("%s: %.0f MB/s, a[0] is %g, on", poolkind_text(kind), rate / 1e6,
	    array[0][0]);
	poolkind_get_node_bytes(kind, bytes, NODES);
	for (unsigned node = 0; node < NODES; node++)
		if (bytes[node] != 0)
			printf(" node %u: %zu MiB", node, bytes[node] >> 20);
	printf("\n");
	for (int i = 0; i < 3; i++)
		poolkind_free(kind, array[i]);
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		return print_help();
	static const char *const fast[] = { "hbw,scope=all",
		"bandwidth,scope=all", "dram" };
	static const char *const large[] = { "capacity,scope=all", "dram" };
	size_t mib = argc > 1 ? strtoul(argv[1], NULL, 10) : 24;
	poolkind *kind[2] = { NULL, NULL };
	int status = 0;

	if (argc > 2) {
		kind[0] = open_one((const char *const *)argv + 2, 1);
		kind[1] = argc > 3 ?
		    open_one((const char *const *)argv + 3, 1) :
		    NULL;
	} else {
		kind[0] = open_one(fast, 3);
		kind[1] = open_one(large, 2);
	}
	for (int i = 0; i < 2 && status == 0; i++)
		if (kind[i] != NULL)
			status = run(kind[i], mib);
		else
			status = argc <= 2 || i < argc - 2;
	for (int i = 0; i < 2; i++)
		poolkind_close(kind[i]);
	return status;
}
