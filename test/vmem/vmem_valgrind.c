/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vmem_valgrind.c - one mistake, or none, by the word that is the first
 * argument, in a pool in the directory that is the second, or in a region.
 */
#include <libvmem.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define THREADS 8
#define ROUNDS 6

static VMEM *pool;
static char *volatile block;

static void *
region(void)
{
	void *start = mmap(NULL, VMEM_MIN_POOL, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (start == MAP_FAILED)
		exit(97);
	return start;
}

/* Uses all of what each function gives, and frees it. */
static void
use_everything(void)
{
	char *one;

	for (size_t size = 1; size < 3000000; size = size * 5 + 3) {
		one = vmem_malloc(pool, size);
		memset(one, 1, vmem_malloc_usable_size(pool, one));
		one = vmem_realloc(pool, one, 2 * size);
		memset(one, 1, vmem_malloc_usable_size(pool, one));
		one = vmem_realloc(pool, one, size / 2 + 1);
		if (one[size / 2] != 1)
			abort();
		vmem_free(pool, one);
		one = vmem_calloc(pool, 1, size);
		if (one[0] != 0 || one[size - 1] != 0)
			abort();
		vmem_free(pool, one);
		one = vmem_aligned_alloc(pool, 4096, size);
		memset(one, 1, size);
		vmem_free(pool, one);
	}
	vmem_free(pool, vmem_strdup(pool, "text"));
	vmem_free(pool, vmem_wcsdup(pool, L"text"));
	if (vmem_check(pool) != 1 || vmem_malloc(pool, 1 << 30) != NULL)
		abort();
}

/* A region may be used, and used again, before, between and after pools. */
static void
use_region(void)
{
	char *start = region();

	for (int round = 0; round < 3; round++) {
		memset(start, round, VMEM_MIN_POOL);
		pool = vmem_create_in_region(start, VMEM_MIN_POOL);
		if (pool == NULL)
			abort();
		use_everything();
		vmem_delete(pool);
	}
	memset(start, 9, VMEM_MIN_POOL);
	pool = NULL;
}

/* Pools of its own, the pool of all, and errors. */
static void *
work(void *unused)
{
	void *start = region();

	(void)unused;
	for (int round = 0; round < ROUNDS; round++) {
		VMEM *mine = vmem_create_in_region(start, VMEM_MIN_POOL);
		char *theirs = vmem_malloc(pool, 100);
		char *own = vmem_malloc(mine, 5000);

		memset(theirs, 1, 100);
		memset(own, 1, 5000);
		vmem_create("/nowhere", VMEM_MIN_POOL);
		vmem_create("/nowhere", 1);
		if (strstr(vmem_errormsg(), "smaller") == NULL)
			abort();
		vmem_free(pool, theirs);
		vmem_free(mine, vmem_realloc(mine, own, 100000));
		if (vmem_check(mine) != 1 || vmem_check(pool) != 1)
			abort();
		vmem_delete(mine);
	}
	munmap(start, VMEM_MIN_POOL);
	return NULL;
}

static void
run_threads(void)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, work, NULL) != 0)
			exit(96);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

static void
mistake(const char *what)
{
	block = vmem_malloc(pool, 4);
	if (strcmp(what, "overrun") == 0) {
		block[vmem_malloc_usable_size(pool, block)] = 1;
	} else if (strcmp(what, "late") == 0) {
		vmem_free(pool, block);
		block[0] = 1;
		return;
	} else if (strcmp(what, "unset") == 0) {
		if (block[0] != 0 && write(1, "", 0) != 0)
			exit(95);
	} else if (strcmp(what, "lost") == 0) {
		block = NULL;
		return;
	} else if (strcmp(what, "twice") == 0) {
		vmem_free(pool, block);
	}
	vmem_free(pool, block);
	block = NULL;
}

/* Takes LOST blocks of SIZE by FUNCTION, and forgets them. */
#define LOST 7

static __attribute__((noinline)) void
take_and_lose(const char *function, size_t size)
{
	for (int i = 0; i < LOST; i++) {
		volatile char *one = NULL;

		if (strcmp(function, "malloc") == 0)
			one = vmem_malloc(pool, size);
		else if (strcmp(function, "calloc") == 0)
			one = vmem_calloc(pool, size, 1);
		else if (strcmp(function, "realloc") == 0)
			one = vmem_realloc(pool, vmem_malloc(pool, 1), size);
		else if (strcmp(function, "aligned_alloc") == 0)
			one = vmem_aligned_alloc(pool, 4096, size);
		else if (strcmp(function, "strdup") == 0)
			one = vmem_strdup(pool, "text");
		else if (strcmp(function, "wcsdup") == 0)
			one = (char *)vmem_wcsdup(pool, L"text");
		if (one == NULL)
			exit(94);
		one[0] = 1;
	}
}

/* Overwrites what calls left on the stack. */
static __attribute__((noinline)) void
scrub(void)
{
	volatile char stack[20000];

	memset((void *)stack, 0, sizeof(stack));
}

/* HOW is lose/FUNCTION/SIZE/WHERE: in a region or a directory, whose pool is
 * deleted or kept. */
static int
lose(char *how)
{
	const char *function = strtok(how, "/") ? strtok(NULL, "/") : NULL;
	size_t size = strtoul(strtok(NULL, "/"), NULL, 10);
	const char *where = strtok(NULL, "/");

	if (strcmp(where, "region") == 0)
		pool = vmem_create_in_region(region(), VMEM_MIN_POOL);
	if (pool == NULL)
		return 98;
	take_and_lose(function, size);
	scrub();
	if (strcmp(where, "deleted") == 0)
		vmem_delete(pool);
	scrub();
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc != 3)
		return 99;
	pool = vmem_create(argv[2], VMEM_MIN_POOL);
	if (pool == NULL) {
		fprintf(stderr, "%s\n", vmem_errormsg());
		return 98;
	}
	if (strncmp(argv[1], "lose/", 5) == 0)
		return lose(argv[1]);
	if (strcmp(argv[1], "none") == 0)
		use_everything();
	else if (strcmp(argv[1], "threads") == 0)
		run_threads();
	else
		mistake(argv[1]);
	vmem_delete(pool);
	if (strcmp(argv[1], "none") == 0)
		use_region();
	return 0;
}
