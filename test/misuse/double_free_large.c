/* SPDX-License-Identifier: BSD-2-Clause */
/* A block above 64 KiB that is freed twice is told of without debugging, too,
 * while it waits in a cache: that of this thread or of another; and is handed
 * out once afterwards. */
#include "misuse.h"

#include <pthread.h>

#define TIMES 8

static poolkind *kind;

static void *
free_here(void *block)
{
	poolkind_free(kind, block);
	return NULL;
}

/* How often two of several blocks of one size are the same. */
static int
count_same(size_t size)
{
	char *block[TIMES];
	int same = 0;

	for (int i = 0; i < TIMES; i++) {
		block[i] = poolkind_malloc(kind, size);
		for (int j = 0; j < i; j++)
			same += block[i] == block[j];
	}
	for (int i = 0; i < TIMES; i++)
		poolkind_free(NULL, block[i]);
	return same;
}

static void
twice(const char *spec, size_t size)
{
	int told = 0, same = 0;
	void *block;
	pthread_t thread;

	kind = open_or_exit(spec);
	for (int i = 0; i < TIMES; i++) {
		/* From the second time on it comes out of the cache. */
		block = i % 2 == 0 ? poolkind_malloc(kind, size) :
				     poolkind_calloc(kind, 1, size);
		if (i % 4 == 3 &&
		    (pthread_create(&thread, NULL, free_here, block) != 0 ||
			pthread_join(thread, NULL) != 0))
			exit(4);
		if (i % 4 != 3)
			poolkind_free(i % 4 == 2 ? NULL : kind, block);
		for (int j = 0; j < 2; j++) {
			errno = 0;
			poolkind_free(j == 0 ? NULL : kind, block);
			told += errno == EINVAL;
		}
		errno = 0;
		same += count_same(size);
	}
	printf(
	    "%s, %zu: %d of %d, %d same\n", spec, size, told, 2 * TIMES, same);
	poolkind_close(kind);
}

int
main(void)
{
	static const char *const specs[] = { "dram", "dram,limit=64M" };
	static const size_t sizes[] = { 81920, 100000, 262144, 1000000,
		1048576 };
	void *block;

	for (int i = 0; i < 2; i++)
		for (int j = 0; j < 5; j++)
			twice(specs[i], sizes[j]);
	kind = open_or_exit("dram,name=one");
	block = poolkind_malloc(kind, 262144);
	poolkind_free(kind, block);
	tell("once");
	if (poolkind_realloc(kind, block, 300000) != NULL)
		return 5;
	tell("realloc");
	if (poolkind_usable_size(block) != 0)
		return 6;
	tell("usable size");
	block = poolkind_malloc(kind, 262144);
	block = poolkind_realloc(kind, block, 131072);
	block = poolkind_realloc(kind, block, 100000);
	poolkind_free(kind, block);
	tell("resized");
	poolkind_free(kind, block);
	tell("resized, twice");

	go_on();
	return 0;
}
