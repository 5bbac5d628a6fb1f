/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memkind.c - what libmemkind.so.0 costs, whichever one it is: nanoseconds for
 * a pair of memkind_malloc and memkind_free by kind and size, with and without
 * naming the kind when freeing; or, with an argument, how many file kinds can
 * be alive and what one takes ("kinds"), and what a file kind holds while it
 * has one live block that comes and goes ("churn"). POOL_DIR is where files
 * are. Started by test/bench/run under each library in turn.
 */
#include <hbwmalloc.h>
#include <memkind.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "clock.h"

#define PAIRS 200000
#define ROUNDS 5
#define MIB ((size_t)1 << 20)
#define KINDS_MAX 4096

static const char *directory = "/dev/shm";

/* ---- Pairs --------------------------------------------------------------- */

static double
pair(memkind_t kind, memkind_t freed_as, size_t size)
{
	double start = now();

	for (int i = 0; i < PAIRS; i++) {
		void *ptr = memkind_malloc(kind, size);

		__asm__ volatile("" : : "r"(ptr) : "memory");
		memkind_free(freed_as, ptr);
	}
	return (now() - start) / PAIRS;
}

static void
pairs(const char *name, memkind_t kind, size_t size)
{
	double named = 1e9, unnamed = 1e9;

	for (int i = 0; i < ROUNDS; i++) {
		double one = pair(kind, kind, size);
		double other = pair(kind, NULL, size);

		named = one < named ? one : named;
		unnamed = other < unnamed ? other : unnamed;
	}
	printf("%s %zu\t%.2f\n%s %zu, free(NULL)\t%.2f\n", name, size, named,
	    name, size, unnamed);
}

static void
hbw_pairs(size_t size)
{
	double best = 1e9, start;

	for (int i = 0; i < ROUNDS; i++) {
		start = now();
		for (int j = 0; j < PAIRS; j++) {
			void *ptr = hbw_malloc(size);

			__asm__ volatile("" : : "r"(ptr) : "memory");
			hbw_free(ptr);
		}
		start = (now() - start) / PAIRS;
		best = start < best ? start : best;
	}
	printf("hbw_malloc %zu\t%.2f\n", size, best);
}

static void
all_pairs(void)
{
	static const size_t sizes[] = { 64, 1024, 8192, 65536 };
	void *region = aligned_alloc(2 * MIB, 32 * MIB);
	memkind_t file, fixed;

	if (memkind_create_pmem(directory, 32 * MIB, &file) != 0 ||
	    memkind_create_fixed(region, 32 * MIB, &fixed) != 0)
		exit(1);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		pairs("DEFAULT", MEMKIND_DEFAULT, sizes[i]);
		pairs("REGULAR", MEMKIND_REGULAR, sizes[i]);
		pairs("file", file, sizes[i]);
		pairs("fixed", fixed, sizes[i]);
	}
	pairs("HBW", MEMKIND_HBW, 64);
	hbw_pairs(64);
	memkind_destroy_kind(file);
	memkind_destroy_kind(fixed);
}

/* ---- Kinds --------------------------------------------------------------- */

static double
resident_kib(void)
{
	unsigned long size = 0, resident = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	if (file == NULL || fscanf(file, "%lu %lu", &size, &resident) != 2)
		exit(1);
	fclose(file);
	return (double)resident * 4;
}

/* Each with one block; what is resident of the files counts too. */
static void
many_kinds(void)
{
	static memkind_t kinds[KINDS_MAX];
	double before, create = 0, block = 0, destroy, start;
	int count = 0;

	memkind_free(NULL, memkind_malloc(MEMKIND_DEFAULT, 1));
	before = resident_kib();
	while (count < KINDS_MAX) {
		start = now();
		if (memkind_create_pmem(directory, 16 * MIB, &kinds[count]) !=
		    0)
			break;
		create += now() - start;
		start = now();
		if (memkind_malloc(kinds[count], 64) == NULL)
			break;
		block += now() - start;
		count++;
	}
	printf("file kinds alive\t%d\n", count);
	printf(
	    "KiB resident per kind\t%.1f\n", (resident_kib() - before) / count);
	printf("us to create one\t%.1f\n", create / count / 1e3);
	printf("us for its first block\t%.1f\n", block / count / 1e3);
	start = now();
	for (int i = 0; i < count; i++)
		memkind_destroy_kind(kinds[i]);
	destroy = now() - start;
	printf("us to destroy one\t%.1f\n", destroy / count / 1e3);
}

/* ---- Churn --------------------------------------------------------------- */

static double
used_mib(void)
{
	struct statvfs status;

	if (statvfs(directory, &status) != 0)
		exit(1);
	return (double)(status.f_blocks - status.f_bfree) *
	    (double)status.f_frsize / (double)MIB;
}

/* One live block of 256 KiB to 1 MiB, conservative, as a cache has it. The
 * limit bounds what a library that wastes space can take. */
static void
churn(void)
{
	struct memkind_config *config = memkind_config_new();
	double before = used_mib(), most = 0, start;
	unsigned random = 1;
	memkind_t kind;

	memkind_config_set_path(config, directory);
	memkind_config_set_size(config, 64 * MIB);
	memkind_config_set_memory_usage_policy(
	    config, MEMKIND_MEM_USAGE_POLICY_CONSERVATIVE);
	if (memkind_create_pmem_with_config(config, &kind) != 0)
		exit(1);
	start = now();
	for (int i = 0; i < 400; i++) {
		random = random * 1664525 + 1013904223;
		void *ptr = memkind_malloc(
		    kind, MIB / 4 + (random >> 8) % (MIB * 3 / 4));

		if (ptr != NULL)
			memset(ptr, 1, MIB / 4);
		if (used_mib() - before > most)
			most = used_mib() - before;
		memkind_free(kind, ptr);
	}
	printf("us for a pair\t%.1f\n", (now() - start) / 400 / 1e3);
	printf("MiB held at most\t%.1f\n", most);
	memkind_destroy_kind(kind);
	memkind_config_delete(config);
}

int
main(int argc, char **argv)
{
	if (getenv("POOL_DIR") != NULL)
		directory = getenv("POOL_DIR");
	if (argc < 2)
		all_pairs();
	else if (strcmp(argv[1], "kinds") == 0)
		many_kinds();
	else
		churn();
	return 0;
}
