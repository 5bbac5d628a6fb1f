/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * openmp_plugin.c - a library that uses OpenMP, for openmp_load.c, which does
 * not: with the last of such libraries the runtime goes, too.
 */
#include "openmp.h"

/* Blocks of every thread from the kind of high bandwidth; returns how many were
 * not. One of them stays when the library goes. */
int
plugin_work(void)
{
	static char *kept __attribute__((used));
	int wrong = 0;

#pragma omp parallel reduction(+ : wrong)
	for (size_t size = 1; size < 1000000; size = size * 3 + 1) {
		char *block = omp_alloc(size, omp_high_bw_mem_alloc);

		wrong += !lies_in(block, "MEMKIND_HBW_PREFERRED");
		memset(block, 1, size);
		omp_free(block, omp_high_bw_mem_alloc);
	}
	kept = omp_alloc(100, omp_large_cap_mem_alloc);
	return wrong + !lies_in(kept, "MEMKIND_DAX_KMEM_ALL");
}
