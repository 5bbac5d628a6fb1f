/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * launch.c - launch COUNT COMMAND...: runs a command so many times, each with
 * the whole of standard input and with what LAUNCH_PRELOAD names preloaded.
 * Prints the median of its wall times, and of the last run the page faults and
 * the most memory that was resident, of its own children too; where
 * LAUNCH_PROCESSOR is set its processor time, and nothing else. A small
 * program, since a child counts the memory of the one that started it. Started
 * by test/bench/run.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"

#define COUNT_MAX 100

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
ms_of(struct timeval time)
{
	return (double)time.tv_sec * 1e3 + (double)time.tv_usec / 1e3;
}

/* Milliseconds. */
static double
launch(char **command, const char *library, struct rusage *used)
{
	double start = now_ms();
	pid_t child = fork();
	int status;

	if (child == 0) {
		if (library == NULL || setenv("LD_PRELOAD", library, 1) == 0)
			if (freopen("/dev/null", "w", stdout) != NULL)
				execvp(command[0], command);
		_exit(127);
	}
	if (wait4(child, &status, 0, used) != child || status != 0) {
		fprintf(stderr, "%s ended with %#x\n", command[0], status);
		exit(EXIT_FAILURE);
	}
	return now_ms() - start;
}

int
main(int argc, char **argv)
{
	int count = argc < 3 ? 0 : atoi(argv[1]);
	const char *library = getenv("LAUNCH_PRELOAD");
	double taken[COUNT_MAX];
	struct rusage used;

	if (count <= 0 || count > COUNT_MAX)
		return EXIT_FAILURE;
	for (int i = 0; i < count; i++) {
		lseek(STDIN_FILENO, 0, SEEK_SET);
		taken[i] = launch(argv + 2, library, &used);
	}
	qsort(taken, (size_t)count, sizeof(taken[0]), ascending);
	if (getenv("LAUNCH_PROCESSOR") != NULL) {
		printf("processor time, ms\t%.3f\n",
		    ms_of(used.ru_utime) + ms_of(used.ru_stime));
		return EXIT_SUCCESS;
	}
	printf("time, ms\t%.3f\npage faults, \t%ld\n"
	       "peak resident, MiB\t%.2f\n",
	    taken[count / 2], used.ru_minflt, (double)used.ru_maxrss / 1024);
	return EXIT_SUCCESS;
}
