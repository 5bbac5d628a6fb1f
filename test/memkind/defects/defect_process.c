/* SPDX-License-Identifier: BSD-2-Clause */
/* defect_process.c - defects of the process: its child, its threads that end,
 * its many kinds, its end. See defect.h. */
#include <malloc.h>
#include <memkind.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "defect.h"

#define MANY 4000

/* When there were no more arenas, the record of another thing was written
 * over, and each block of MEMKIND_REGULAR leaked. */
int
show_exhausted(void)
{
	size_t before, after;
	memkind_t kind;
	int made = 0;

	memkind_free(MEMKIND_REGULAR, memkind_malloc(MEMKIND_REGULAR, 100));
	while (made < 2 * MANY &&
	    memkind_create_pmem(directory, 16 * MIB, &kind) == 0)
		made++;
	MUST(made < 2 * MANY, "%d kinds, and no end", made);
	before = status_bytes("RssAnon:");
	for (int i = 0; i < 20000; i++)
		memkind_free(
		    MEMKIND_REGULAR, memkind_malloc(MEMKIND_REGULAR, 100));
	after = status_bytes("RssAnon:");
	MUST(after < before + 4 * MIB,
	    "20000 pairs left %zu MiB after %d kinds", (after - before) / MIB,
	    made);
	return GOOD;
}

/* Asking for the largest node, where two are, ended in a crash at exit. */
int
show_ties(void)
{
	memkind_check_available(MEMKIND_HIGHEST_CAPACITY_PREFERRED);
	memkind_check_available(MEMKIND_HIGHEST_CAPACITY_PREFERRED);
	memkind_free(MEMKIND_HIGHEST_CAPACITY,
	    memkind_malloc(MEMKIND_HIGHEST_CAPACITY, 100));
	return GOOD;
}

/* A child wrote to its parent's blocks, and both got the same one next. */
int
show_fork(void)
{
	int status = -1;
	memkind_t kind;
	char *block;
	pid_t child;

	setenv("MEMKIND_PMEM_FORK", "copy", 1);
	MUST(memkind_create_pmem(directory, 0, &kind) == 0, "no kind");
	block = memkind_malloc(kind, 100000);
	MUST(block != NULL, "no block");
	memset(block, 1, 100000);
	child = fork();
	if (child == 0) {
		if (block[50000] != 1)
			_exit(1);
		memset(block, 2, 100000);
		_exit(memkind_malloc(kind, 100) != NULL ? 0 : 2);
	}
	MUST(waitpid(child, &status, 0) == child && status == 0,
	    "the child ended with %#x", (unsigned)status);
	for (int i = 0; i < 100000; i++)
		MUST(block[i] == 1, "the child changed byte %d", i);
	return GOOD;
}

static void *
use_three(void *unused)
{
	memkind_t const kinds[] = { MEMKIND_REGULAR, MEMKIND_HBW,
		MEMKIND_INTERLEAVE };

	(void)unused;
	for (int i = 0; i < 3; i++)
		memkind_free(kinds[i], memkind_malloc(kinds[i], 100));
	return NULL;
}

static void
threads_that_end(int count)
{
	pthread_t thread;

	for (int i = 0; i < count; i++)
		if (pthread_create(&thread, NULL, use_three, NULL) == 0)
			pthread_join(thread, NULL);
}

/* What malloc and the library have in blocks. */
static size_t
all_blocks(void)
{
	size_t bytes = 0;

	memkind_update_cached_stats();
	memkind_get_stat(NULL, MEMKIND_STAT_TYPE_ALLOCATED, &bytes);
	return bytes + mallinfo2().uordblks;
}

/* What a thread had was not freed at its end. */
int
show_thread_leak(void)
{
	size_t before, after;

	threads_that_end(50);
	before = all_blocks();
	threads_that_end(1000);
	after = all_blocks();
	MUST(after < before + 16 * KIB, "1000 threads left %zu bytes",
	    after - before);
	return GOOD;
}

static memkind_t used_to_the_end;

static void *
use_it(void *unused)
{
	void *blocks[64] = { unused };

	for (unsigned i = 0;; i++) {
		memkind_free(used_to_the_end, blocks[i % 64]);
		blocks[i % 64] = memkind_malloc(used_to_the_end, i % 5000);
		if (blocks[i % 64] != NULL && i % 5000 != 0)
			memset(blocks[i % 64], 1, i % 5000);
	}
	return NULL;
}

/* Kinds were destroyed at the end of the process, under threads that had not
 * ended. */
int
show_exit(void)
{
	pthread_t thread;

	MUST(memkind_create_pmem(directory, 0, &used_to_the_end) == 0,
	    "no kind");
	for (int i = 0; i < 8; i++)
		MUST(pthread_create(&thread, NULL, use_it, NULL) == 0,
		    "no thread");
	usleep(100000);
	return GOOD;
}

/* Kinds were few, and the fewer the more processors there are. */
int
show_kinds(void)
{
	memkind_t kind;

	for (int i = 0; i < 500; i++) {
		int error = memkind_create_pmem(directory, 16 * MIB, &kind);

		MUST(error == 0, "error %d after %d kinds", error, i);
	}
	return GOOD;
}

int
show_many_kinds(void)
{
	static memkind_t kinds[MANY];

	for (int i = 0; i < MANY; i++) {
		int error = memkind_create_pmem(
		    directory, i % 2 ? 16 * MIB : 0, &kinds[i]);

		MUST(error == 0, "error %d after %d kinds", error, i);
	}
	for (int i = 0; i < MANY; i += 50) {
		void *block = memkind_malloc(kinds[i], 100);

		MUST(block != NULL, "no block of kind %d", i);
		MUST(memkind_detect_kind(block) == kinds[i],
		    "a block of kind %d is said to be of another", i);
	}
	for (int i = 0; i < MANY; i++)
		MUST(memkind_destroy_kind(kinds[i]) == 0,
		    "kind %d cannot be destroyed", i);
	return GOOD;
}

/* A region was taken twice, if a kind before it had been destroyed; then
 * the wrong one of the two was. */
int
show_names(void)
{
	void *first = spoilt_region(MIB), *second = spoilt_region(MIB);
	memkind_t kinds[2], again;

	MUST(memkind_create_fixed(first, MIB, &kinds[0]) == 0, "no kind");
	MUST(memkind_create_fixed(second, MIB, &kinds[1]) == 0, "no kind");
	MUST(memkind_create_fixed(second, MIB, &again) != 0,
	    "a region was taken twice");
	MUST(memkind_destroy_kind(kinds[0]) == 0, "not destroyed");
	MUST(memkind_create_fixed(second, MIB, &again) != 0,
	    "a region was taken twice, after another kind had gone");
	return GOOD;
}
