/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vmem_log.c - calls with sizes that are easy to find in a log, an error, and
 * what else the first argument asks for. The second is a directory.
 */
#include <dirent.h>
#include <libvmem.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
print(const char *text)
{
	printf("printed: %s", text);
}

/* Takes the library's lock. */
static void *
delete_nothing(void *unused)
{
	vmem_delete(NULL);
	return unused;
}

/* Waits for a thread that calls the library. */
static void
print_and_wait(const char *text)
{
	pthread_t thread;

	if (strstr(text, "pool_check") == NULL)
		return;
	pthread_create(&thread, NULL, delete_nothing, NULL);
	pthread_join(thread, NULL);
	printf("waited\n");
}

#define TOGETHER 8

static pthread_barrier_t all;

static void *
print_statistics(void *pool)
{
	pthread_barrier_wait(&all);
	vmem_stats_print(pool, "gmabl");
	return NULL;
}

/* How many descriptors lead to the file NAME. */
static int
count_descriptors(const char *name)
{
	DIR *folder = opendir("/proc/self/fd");
	struct dirent *entry;
	int count = 0;

	while (folder != NULL && (entry = readdir(folder)) != NULL) {
		char target[4096] = "";

		count += readlinkat(dirfd(folder), entry->d_name, target,
			     sizeof(target) - 1) > 0 &&
		    strcmp(target, name) == 0;
	}
	closedir(folder);
	return count;
}

/* The first statistics of the process, by several threads at once. */
static void
print_together(VMEM *pool)
{
	pthread_t thread[TOGETHER];
	const char *name = getenv("VMEM_LOG_FILE");

	pthread_barrier_init(&all, NULL, TOGETHER);
	for (int i = 0; i < TOGETHER; i++)
		pthread_create(&thread[i], NULL, print_statistics, pool);
	for (int i = 0; i < TOGETHER; i++)
		pthread_join(thread[i], NULL);
	if (name != NULL)
		printf("%d descriptors\n", count_descriptors(name));
}

static void
calls(VMEM *pool)
{
	void *block = vmem_malloc(pool, 4321);

	block = vmem_realloc(pool, block, 4322);
	vmem_free(pool, block);
	vmem_free(pool, vmem_calloc(pool, 3, 4323));
	vmem_free(pool, vmem_aligned_alloc(pool, 32, 4324));
	vmem_free(pool, vmem_strdup(pool, "text"));
	vmem_free(pool, vmem_wcsdup(pool, L"text"));
	vmem_check(pool);
}

/* What a new block and a freed one hold. */
static int
junk(VMEM *pool)
{
	unsigned char *volatile block = vmem_malloc(pool, 100);
	unsigned char fresh = block[50];

	memset(block, 1, 100);
	vmem_free(pool, block);
	printf("%02x %02x\n", fresh, block[50]);
	return 0;
}

/* Frees a block of one pool through another. */
static void
wrong_pool(VMEM *pool, const char *directory)
{
	VMEM *other = vmem_create(directory, VMEM_MIN_POOL);
	void *block = vmem_malloc(pool, 100);

	vmem_free(other, block);
	vmem_delete(other);
}

int
main(int argc, char **argv)
{
	const char *what = argc == 3 ? argv[1] : "";
	VMEM *pool;

	if (argc != 3)
		return 99;
	if (strcmp(what, "idle") == 0)
		return vmem_errormsg() == NULL;
	if (strcmp(what, "print") == 0)
		vmem_set_funcs(NULL, NULL, NULL, NULL, print);
	if (strcmp(what, "wait") == 0) {
		vmem_set_funcs(NULL, NULL, NULL, NULL, print_and_wait);
		return vmem_check(NULL) != -1;
	}
	pool = vmem_create(argv[2], VMEM_MIN_POOL);
	if (pool == NULL)
		return 98;
	if (strcmp(what, "junk") == 0)
		return junk(pool);
	if (strcmp(what, "wrong") == 0)
		wrong_pool(pool, argv[2]);
	else if (strcmp(what, "stats") == 0)
		vmem_stats_print(pool, "gmabl");
	else if (strcmp(what, "together") == 0)
		print_together(pool);
	else
		calls(pool);
	if (strcmp(what, "wrong") != 0)
		vmem_create("/nowhere", VMEM_MIN_POOL);
	vmem_delete(pool);
	return 0;
}
