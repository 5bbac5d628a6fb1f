/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vmem_plain.c - a plain program that uses every function of libvmem once, in
 * a pool in the directory that is its argument, and in a region. What it sees
 * in its first error is what no test inside a larger program can: "" in the
 * main thread.
 */
#include <errno.h>
#include <libvmem.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <wchar.h>

#include "../lib/shim_check.h"

static long given, taken_back;

static void *
my_malloc(size_t size)
{
	given++;
	return malloc(size);
}

static void
my_free(void *ptr)
{
	taken_back += ptr != NULL;
	free(ptr);
}

static void *
my_realloc(void *ptr, size_t size)
{
	return realloc(ptr, size);
}

static char *
my_strdup(const char *text)
{
	return strdup(text);
}

static char printed[1 << 16];

static void
my_print(const char *text)
{
	strncat(printed, text, sizeof(printed) - strlen(printed) - 1);
}

static void
errors(void)
{
	CHECK("the first text is empty", *vmem_errormsg() == '\0');
	CHECK("the version is right",
	    vmem_check_version(VMEM_MAJOR_VERSION, VMEM_MINOR_VERSION) == NULL);
	CHECK("and nothing was said", *vmem_errormsg() == '\0');
	CHECK("another version is not",
	    strcmp(vmem_check_version(9, 0),
		"libvmem major version mismatch (need 9, found 1)") == 0);
	errno = 0;
	CHECK("a small pool is refused",
	    vmem_create("/tmp", 1000) == NULL && errno == EINVAL &&
		strstr(vmem_errormsg(), "size 1000 smaller than 14680064"));
}

static void
blocks(VMEM *pool)
{
	uintptr_t start = (uintptr_t)pool;
	char *block = vmem_malloc(pool, 1000);
	char *zeros = vmem_calloc(pool, 100, 1000);
	char *aligned = vmem_aligned_alloc(pool, 65536, 3000);
	char *text = vmem_strdup(pool, "text");
	wchar_t *wide = vmem_wcsdup(pool, L"wide text");

	CHECK("there are blocks", block && zeros && aligned && text && wide);
	CHECK("they lie in the pool",
	    (uintptr_t)block >= start + 4096 &&
		(uintptr_t)block < start + 4096 + VMEM_MIN_POOL);
	CHECK("zeroes", all_bytes(zeros, 0, 100000));
	CHECK("alignment", (uintptr_t)aligned % 65536 == 0);
	CHECK("copies",
	    strcmp(text, "text") == 0 && wcscmp(wide, L"wide text") == 0);
	memset(block, 7, vmem_malloc_usable_size(pool, block));
	block = vmem_realloc(pool, block, 500000);
	CHECK("content is kept", block && all_bytes(block, 7, 1000));
	CHECK("nothing is left of a block of size 0",
	    vmem_realloc(pool, block, 0) == NULL);
	errno = 0;
	CHECK("too much is refused",
	    vmem_malloc(pool, SIZE_MAX / 2) == NULL && errno == ENOMEM);
	vmem_free(pool, zeros);
	vmem_free(pool, NULL);
	CHECK("the pool is sound", vmem_check(pool) == 1);
}

static void
statistics(VMEM *pool)
{
	char *block = vmem_malloc(pool, 3 << 20);

	printed[0] = '\0';
	vmem_stats_print(pool, "gmabl");
	CHECK("there are statistics", strlen(printed) > 50);
	vmem_free(pool, block);
}

int
main(int argc, char **argv)
{
	void *region = mmap(NULL, VMEM_MIN_POOL, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	VMEM *pool;

	if (argc != 2)
		return 99;
	errors();
	vmem_set_funcs(my_malloc, my_free, my_realloc, my_strdup, my_print);
	pool = vmem_create(argv[1], VMEM_MIN_POOL);
	CHECK("a pool in a directory", pool != NULL);
	if (pool == NULL) {
		printf("# %s\n", vmem_errormsg());
		return 98;
	}
	CHECK("it begins at a multiple of 4 MiB",
	    (uintptr_t)pool % (4 << 20) == 0);
	blocks(pool);
	statistics(pool);
	vmem_delete(pool);
	pool = vmem_create_in_region(region, VMEM_MIN_POOL);
	CHECK("a pool in a region", (void *)pool == region);
	blocks(pool);
	vmem_delete(pool);
	CHECK("a deleted pool is none", vmem_check(pool) == -1);
	CHECK("the functions were used", given > 0);
	CHECK("all came back to them", given == taken_back);
	vmem_set_funcs(NULL, NULL, NULL, NULL, NULL);
	return failures;
}
