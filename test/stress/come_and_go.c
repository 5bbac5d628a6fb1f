/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * come_and_go - kinds and threads come and go, all at once.
 *
 *	come_and_go THREADS ROUNDS SPEC...
 *
 * THREADS threads each open a kind of their own, fill some of it, let a
 * short-lived thread free half of that, fork now and then, and close the kind,
 * ROUNDS times. One kind that stays is used by all. Ends with 0 if all went
 * well and the one that stays is empty.
 */
#include <poolkind.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "watch.h"

#define BLOCKS 200

static poolkind *stays;
static char **specs;
static unsigned spec_count, rounds;
static _Atomic unsigned failures;

static void
fail(const char *what)
{
	printf("%s: %s\n", what, poolkind_errormsg());
	atomic_fetch_add(&failures, 1);
}

static void *
free_half(void *blocks)
{
	void **block = blocks;

	for (unsigned i = 0; i < BLOCKS; i += 2) {
		poolkind_free(NULL, block[i]);
		block[i] = NULL;
	}
	return NULL;
}

static void
fork_a_child(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		void *block = poolkind_malloc(stays, 5000);
		poolkind_free(stays, block);
		_exit(block == NULL);
	}
	if (watch_wait(pid, 60, &status) != NULL || status != 0)
		fail("child");
}

static void
use(poolkind *kind, unsigned round)
{
	void *block[BLOCKS];
	pthread_t helper;

	for (unsigned i = 0; i < BLOCKS; i++) {
		size_t size = 16 + (round * 31 + i * 977) % 6000;

		block[i] = poolkind_malloc(i % 5 ? kind : stays, size);
		if (block[i] == NULL)
			fail("malloc");
		else
			memset(block[i], (int)i, size);
	}
	if (pthread_create(&helper, NULL, free_half, block) == 0)
		pthread_join(helper, NULL);
	for (unsigned i = 0; i < BLOCKS; i++) {
		if (block[i] != NULL && *(unsigned char *)block[i] != i)
			fail("block");
		/* Those of the kind itself vanish with it. */
		if (i % 5 == 0 || i % 3 == 0)
			poolkind_free(NULL, block[i]);
	}
}

static void *
work(void *number)
{
	unsigned me = (unsigned)(size_t)number;

	for (unsigned round = 0; round < rounds; round++) {
		poolkind *kind = poolkind_open(
		    specs[(round + me) % spec_count], 0);

		if (kind == NULL) {
			fail("open");
			continue;
		}
		use(kind, round);
		if (round % 16 == me % 16)
			fork_a_child();
		if (poolkind_check(kind) != 0 || poolkind_close(kind) != 0)
			fail("close");
	}
	return NULL;
}

int
main(int argc, char **argv)
{
	struct poolkind_stats stats;
	pthread_t threads[256];
	unsigned count;

	if (argc < 4) {
		fprintf(stderr, "usage: come_and_go THREADS ROUNDS SPEC...\n");
		return 2;
	}
	count = (unsigned)atoi(argv[1]);
	rounds = (unsigned)atoi(argv[2]);
	specs = argv + 3;
	spec_count = (unsigned)(argc - 3);
	stays = poolkind_open("dram", 0);
	for (unsigned i = 0; i < count && i < 256; i++)
		pthread_create(&threads[i], NULL, work, (void *)(size_t)i);
	for (unsigned i = 0; i < count && i < 256; i++)
		pthread_join(threads[i], NULL);
	poolkind_get_stats(stays, &stats, sizeof(stats));
	if (stats.live != 0 || poolkind_check(stays) != 0 ||
	    poolkind_close(stays) != 0)
		fail("the kind that stays");
	return failures != 0;
}
