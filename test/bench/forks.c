/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * forks.c - what fork costs with 8 MiB of malloc in use: milliseconds for the
 * first fork and, as a median, for later ones, each with the child's exit.
 * Started by test/bench/run under different settings of the shim.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"

#define FORKS 15
#define BLOCKS 128
#define BLOCK_BYTES (64 * 1024)

static double
fork_once(void)
{
	double start = now_ms();
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	waitpid(child, NULL, 0);
	return now_ms() - start;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int
main(void)
{
	static void *block[BLOCKS];
	double later[FORKS];

	for (int i = 0; i < BLOCKS; i++) {
		block[i] = malloc(BLOCK_BYTES);
		if (block[i] == NULL)
			return EXIT_FAILURE;
		memset(block[i], i, BLOCK_BYTES);
	}
	printf("first fork, ms\t%.2f\n", fork_once());
	for (int i = 0; i < FORKS; i++)
		later[i] = fork_once();
	qsort(later, FORKS, sizeof(later[0]), compare);
	printf("later forks, ms\t%.2f\n", later[FORKS / 2]);
	return 0;
}
