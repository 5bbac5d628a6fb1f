/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mpi-window.c - ranks of a job, each with its share of the memory of its node,
 * and a window on it that its neighbour writes to.
 *
 *	mpicc mpi-window.c -o mpi-window \
 *	    $(pkg-config --cflags --libs libpoolkind)
 *	mpirun -np 4 ./mpi-window [SPEC]
 *
 * limit=share is a part of what the node has for each rank on it; a rank that
 * needs more is told so, and takes nothing from the others.
 */
#include <mpi.h>
#include <poolkind.h>
#include <stdio.h>
#include <string.h>

#define COUNT 1000

static int
print_help(void)
{
	puts("usage: mpi-window [SPEC]\n\n"
	     "Each rank opens SPEC, dram,limit=share if nothing else is\n"
	     "asked for, and writes to a window in the kind of the next.");
	return 0;
}

/* A block of the kind as a window: each rank writes to that of the next. */
static int
pass_on(poolkind *kind, int rank, int ranks)
{
	int *block = poolkind_calloc(kind, COUNT, sizeof(*block));
	int values[COUNT], wanted = (rank + ranks - 1) % ranks, good = 1;
	MPI_Win window;

	if (block == NULL)
		return 0;
	for (int i = 0; i < COUNT; i++)
		values[i] = rank;
	MPI_Win_create(block, COUNT * sizeof(*block), sizeof(*block),
	    MPI_INFO_NULL, MPI_COMM_WORLD, &window);
	MPI_Win_fence(0, window);
	MPI_Put(values, COUNT, MPI_INT, (rank + 1) % ranks, 0, COUNT, MPI_INT,
	    window);
	MPI_Win_fence(0, window);
	for (int i = 0; i < COUNT; i++)
		good &= block[i] == wanted;
	MPI_Win_free(&window);
	poolkind_free(kind, block);
	return good;
}

int
main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		return print_help();
	struct poolkind_stats stats;
	poolkind *kind;
	int rank, ranks, good;

	MPI_Init(&argc, &argv);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	MPI_Comm_size(MPI_COMM_WORLD, &ranks);
	kind = poolkind_open(argc > 1 ? argv[1] : "dram,limit=share", 0);
	if (kind == NULL) {
		fprintf(stderr, "mpi-window: %s\n", poolkind_errormsg());
		MPI_Abort(MPI_COMM_WORLD, 1);
	}
	good = pass_on(kind, rank, ranks);
	poolkind_get_stats(kind, &stats, sizeof(stats));
	printf("rank %d of %d: %s, limit %zu MiB\n", rank, ranks,
	    good ? "right" : "wrong", stats.limit >> 20);
	poolkind_close(kind);
	MPI_Finalize();
	return !good;
}
