/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memkind-solver.c - heat in a plate of many materials, by conjugate gradients:
 * the vectors, which each step streams through, lie in high bandwidth memory;
 * the materials and where they are, read a row at a time, in the largest.
 *
 *	cc -O2 memkind-solver.c -o memkind-solver -lmemkind -lm
 *	./memkind-solver [CELLS]	a side of the plate, by default 200
 *
 * It runs on any machine: what there is no memory of is taken from the rest.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <hbwmalloc.h>
#include <math.h>
#include <memkind.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NODES 64
#define PAGE 4096
#define MATERIALS 5

static int
print_help(void)
{
	puts("usage: memkind-solver [CELLS]\n\n"
	     "Solves for the heat in a plate of CELLS * CELLS cells (200).\n"
	     "Vectors lie in high bandwidth memory, tables in the largest;\n"
	     "at the end it says where they are.");
	return 0;
}

/* A plate of side * side cells, whose edge is kept at 0 degrees. */
struct plate {
	size_t side;
	unsigned char *material; /* of each cell */
	double *conductivity;    /* of each material */
};

/* ---- Where memory is ----------------------------------------------------- */

/* The kernel knows the node of each page that was touched. */
static void
print_place(const char *what, void *start, size_t bytes)
{
	size_t pages = ((uintptr_t)start % PAGE + bytes + PAGE - 1) / PAGE;
	size_t on[NODES] = { 0 }, count = pages < 1024 ? pages : 1024;
	void *page[1024];
	int node[1024];

	for (size_t i = 0; i < count; i++)
		page[i] = (char *)start + i * (pages / count) * PAGE;
	printf("%s: %zu KiB", what, bytes / 1024);
	if (syscall(SYS_move_pages, 0, count, page, NULL, node, 0) != 0)
		count = 0;
	for (size_t i = 0; i < count; i++)
		if (node[i] >= 0 && node[i] < NODES)
			on[node[i]]++;
	for (int i = 0; i < NODES; i++)
		if (on[i] != 0)
			printf(", %zu %% on node %d", on[i] * 100 / count, i);
	printf("%s\n",
	    hbw_verify_memory_region(start, bytes, 0) == 0 ?
		", high bandwidth" :
		"");
}

/* ---- The problem --------------------------------------------------------- */

/* What flows between two cells for a degree of difference. */
static double
flow(const struct plate *plate, size_t a, size_t b)
{
	double at_a = plate->conductivity[plate->material[a]];
	double at_b = plate->conductivity[plate->material[b]];

	return 2 * at_a * at_b / (at_a + at_b);
}

/* y = A x: what leaves each cell when the plate has the temperatures x. The
 * cells of the edge stay out of it. */
static void
apply(const struct plate *plate, const double *x, double *y)
{
	size_t side = plate->side;

#pragma omp parallel for
	for (size_t row = 1; row < side - 1; row++) {
		for (size_t i = row * side + 1; i < (row + 1) * side - 1; i++)
			y[i] = flow(plate, i, i - 1) * (x[i] - x[i - 1]) +
			    flow(plate, i, i + 1) * (x[i] - x[i + 1]) +
			    flow(plate, i, i - side) * (x[i] - x[i - side]) +
			    flow(plate, i, i + side) * (x[i] - x[i + side]);
	}
}

static double
dot(const double *a, const double *b, size_t count)
{
	double sum = 0;

#pragma omp parallel for reduction(+ : sum)
	for (size_t i = 0; i < count; i++)
		sum += a[i] * b[i];
	return sum;
}

/* Solves A x = b from x = 0; returns the steps it took, or -1. */
static int
solve(const struct plate *plate, const double *b, double *x)
{
	size_t count = plate->side * plate->side;
	double *r = hbw_malloc(count * sizeof(*r));
	double *p = hbw_malloc(count * sizeof(*p));
	double *ap = hbw_calloc(count, sizeof(*ap));
	double now = 0, first = 0;
	int step = -1;

	if (r != NULL && p != NULL && ap != NULL) {
		for (size_t i = 0; i < count; i++)
			p[i] = r[i] = b[i];
		now = first = dot(r, r, count);
		for (step = 0; step < 20000 && now > 1e-20 * first; step++) {
			double alpha, before = now;

			apply(plate, p, ap);
			alpha = now / dot(p, ap, count);
			for (size_t i = 0; i < count; i++) {
				x[i] += alpha * p[i];
				r[i] -= alpha * ap[i];
			}
			now = dot(r, r, count);
			for (size_t i = 0; i < count; i++)
				p[i] = r[i] + now / before * p[i];
		}
		print_place("vector", p, count * sizeof(*p));
	}
	hbw_free(r);
	hbw_free(p);
	hbw_free(ap);
	return step;
}

/* Five materials in patches, and a wave of temperatures. */
static void
fill(struct plate *plate, double *heat)
{
	size_t side = plate->side;

	for (int i = 0; i < MATERIALS; i++)
		plate->conductivity[i] = 1 + i * i;
	for (size_t row = 0; row < side; row++) {
		for (size_t column = 0; column < side; column++) {
			size_t i = row * side + column;

			plate->material[i] = (row / 7 + column / 11) %
			    MATERIALS;
			if (row % (side - 1) != 0 && column % (side - 1) != 0)
				heat[i] = sin(0.01 * (double)(row * column));
		}
	}
}

int
main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		return print_help();
	size_t side = argc > 1 ? strtoul(argv[1], NULL, 10) : 200;
	size_t count = side * side;
	struct plate plate = { .side = side };
	memkind_t large = MEMKIND_HIGHEST_CAPACITY_PREFERRED;
	double *truth, *b, *x, error = 0;
	int steps = -1;

	if (side < 3 || side > 30000) {
		fprintf(stderr, "usage: %s [CELLS from 3 to 30000]\n", argv[0]);
		return 2;
	}
	/* Where several nodes are the largest none is preferred. */
	if (memkind_check_available(large) != 0)
		large = MEMKIND_DEFAULT;
	plate.material = memkind_malloc(large, count);
	plate.conductivity = memkind_calloc(large, MATERIALS, sizeof(double));
	truth = hbw_calloc(count, sizeof(*truth));
	b = hbw_calloc(count, sizeof(*b));
	x = hbw_calloc(count, sizeof(*x));

	if (plate.material != NULL && plate.conductivity != NULL &&
	    truth != NULL && b != NULL && x != NULL) {
		/* Temperatures that are known give the heat that has to flow
		 * in, and that has to give the temperatures. */
		fill(&plate, truth);
		apply(&plate, truth, b);
		steps = solve(&plate, b, x);
		for (size_t i = 0; i < count; i++)
			error = fmax(error, fabs(x[i] - truth[i]));
		print_place("materials", plate.material, count);
		printf("%d steps, largest error %.1e: %s\n", steps, error,
		    error < 1e-6 ? "right" : "wrong");
	}
	memkind_free(large, plate.material);
	memkind_free(large, plate.conductivity);
	hbw_free(truth);
	hbw_free(b);
	hbw_free(x);
	return steps >= 0 && error < 1e-6 ? 0 : 1;
}
