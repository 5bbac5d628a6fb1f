/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pools.c - what pools of libvmem cost: milliseconds to make and to delete one,
 * and how much of it blocks of one size obtain. Started by test/bench/run with
 * a directory, or "region", and a size in MiB; with a third word it fills.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <libvmem.h>

#include "clock.h"

static VMEM *
make(const char *place, size_t bytes)
{
	static void *region;

	if (strcmp(place, "region") != 0)
		return vmem_create(place, bytes);
	if (region == NULL)
		region = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return region == MAP_FAILED ? NULL :
				      vmem_create_in_region(region, bytes);
}

static void
fill(VMEM *pool, size_t bytes, size_t size)
{
	void **block, *last = NULL;
	size_t blocks = 0;

	while ((block = vmem_malloc(pool, size)) != NULL) {
		*block = last;
		last = block;
		blocks++;
	}
	while ((block = last) != NULL) {
		last = *block;
		vmem_free(pool, block);
	}
	printf("fill with %zu bytes, %%\t%.2f\n", size,
	    100.0 * (double)blocks * (double)size / (double)bytes);
}

int
main(int argc, char **argv)
{
	static const size_t sizes[] = { 16, 64, 256, 1024, 4096, 65536,
		1 << 20 };
	size_t bytes = argc < 3 ? 0 : (size_t)atol(argv[2]) << 20;
	double start = now_ms(), made;
	VMEM *pool = argc < 3 ? NULL : make(argv[1], bytes);

	made = now_ms();
	if (pool == NULL) {
		fprintf(stderr, "%s\n", vmem_errormsg());
		return EXIT_FAILURE;
	}
	for (size_t i = 0; argc > 3 && i < sizeof(sizes) / sizeof(sizes[0]);
	     i++)
		fill(pool, bytes, sizes[i]);
	if (argc == 3)
		printf("create, ms\t%.3f\n", made - start);
	start = now_ms();
	vmem_delete(pool);
	if (argc == 3)
		printf("delete, ms\t%.3f\n", now_ms() - start);
	return EXIT_SUCCESS;
}
