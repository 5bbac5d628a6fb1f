/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * openmp-allocators.c - OpenMP's own allocators on kinds: the runtime of LLVM,
 * and GCC's since 13, load libmemkind by themselves where the loader finds it,
 * and take memory of high bandwidth and of large capacity from there.
 *
 *	clang -fopenmp openmp-allocators.c -o openmp-allocators \
 *	    $(pkg-config --cflags --libs libpoolkind)
 *	LD_LIBRARY_PATH=PREFIX/lib ./openmp-allocators [N]
 *
 * Whether a machine has such memory its firmware tells; on others
 * MEMKIND_HBW_NODES=0 takes node 0 for it, to try the program.
 */
#include <omp.h>
#include <poolkind.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
print_help(void)
{
	puts("usage: openmp-allocators [N]\n\n"
	     "Adds vectors of N numbers, 1000000 if nothing else is asked\n"
	     "for, which omp_alloc() has from memory of high bandwidth and\n"
	     "of large capacity, and says which kinds they are in.");
	return 0;
}

/* The runtime's own answer, where there is no such memory, is malloc. */
static const char *
place(const void *block)
{
	poolkind *kind = poolkind_of(block);

	return kind != NULL ? poolkind_resolved(kind) : "what malloc gives";
}

int
main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		return print_help();
	size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000;
	double *fast = omp_alloc(n * sizeof(*fast), omp_high_bw_mem_alloc);
	double *large = omp_alloc(n * sizeof(*large), omp_large_cap_mem_alloc);
	double sum = 0;

	if (n == 0 || fast == NULL || large == NULL) {
		fputs("openmp-allocators: N is too large, or 0\n", stderr);
		return 1;
	}
#pragma omp parallel for
	for (size_t i = 0; i < n; i++) {
		large[i] = 1;
		fast[i] = 2 * large[i];
	}
#pragma omp parallel for reduction(+ : sum)
	for (size_t i = 0; i < n; i++)
		sum += fast[i];
	printf("fast: %s\nlarge: %s\nsum %g\n", place(fast), place(large), sum);
	omp_free(large, omp_large_cap_mem_alloc);
	omp_free(fast, omp_high_bw_mem_alloc);
	return sum != 2.0 * (double)n;
}
