/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gradients.c - a solver that knows of no kinds: conjugate gradients on a
 * sparse matrix. Its vectors are small and used all the time, its matrix is
 * large and read once a step, the points of the grid are never looked at again.
 * What of it belongs in fast memory is for `poolkind advise` to find out:
 *
 *	cc -g -O1 gradients.c -o gradients
 *	valgrind --tool=dhat --dhat-out-file=gradients.dhat ./gradients
 *	poolkind advise --fast bandwidth,limit=2M --rest dram -o advice.rules \
 *	    gradients.dhat
 *	poolkind run --rules advice.rules ./gradients
 *
 * Hestenes, M. R.; Stiefel, E.: Methods of Conjugate Gradients for Solving
 * Linear Systems. Journal of Research of the NBS, 1952.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEPS 10

struct matrix {
	int size;
	double *values;
	int *columns, *starts; /* row i: from starts[i] up to starts[i + 1] */
};

static int
print_help(void)
{
	puts("usage: gradients [SIDE]\n\n"
	     "Solves a system of SIDE x SIDE equations (256 x 256) by ten\n"
	     "steps of conjugate gradients, with memory from malloc alone.");
	return 0;
}

static void *
check(void *block)
{
	if (block != NULL)
		return block;
	fputs("gradients: no memory\n", stderr);
	exit(1);
}

/* What the grid is drawn by; the solver needs none of it. */
static double *
make_points(int side)
{
	size_t size = (size_t)side * (size_t)side;
	double *points = check(malloc(3 * size * sizeof(*points)));

	for (size_t i = 0; i < 3 * size; i++)
		points[i] = (double)i;
	return points;
}

/* Each point and its four neighbours. */
static void
make_matrix(struct matrix *a, int side)
{
	const int steps[] = { -side, -1, 0, 1, side };
	int count = 0;

	a->size = side * side;
	a->values = check(malloc(5 * (size_t)a->size * sizeof(double)));
	a->columns = check(malloc(5 * (size_t)a->size * sizeof(int)));
	a->starts = check(malloc(((size_t)a->size + 1) * sizeof(int)));
	for (int i = 0; i < a->size; i++) {
		a->starts[i] = count;
		for (int j = 0; j < 5; j++) {
			if (i + steps[j] < 0 || i + steps[j] >= a->size)
				continue;
			a->columns[count] = i + steps[j];
			a->values[count++] = steps[j] == 0 ? 4.1 : -1;
		}
	}
	a->starts[a->size] = count;
}

/* Q = A P; returns the product of both vectors. */
static double
multiply(const struct matrix *a, const double *p, double *q)
{
	double dot = 0;

	for (int i = 0; i < a->size; i++) {
		double sum = 0;

		for (int j = a->starts[i]; j < a->starts[i + 1]; j++)
			sum += a->values[j] * p[a->columns[j]];
		q[i] = sum;
		dot += sum * p[i];
	}
	return dot;
}

static double
step(const struct matrix *a, double *x, double *r, double *p, double *q,
    double rho)
{
	double alpha = rho / multiply(a, p, q), next = 0;

	for (int i = 0; i < a->size; i++) {
		x[i] += alpha * p[i];
		r[i] -= alpha * q[i];
		next += r[i] * r[i];
	}
	for (int i = 0; i < a->size; i++)
		p[i] = r[i] + next / rho * p[i];
	return next;
}

static double
solve(const struct matrix *a)
{
	size_t bytes = (size_t)a->size * sizeof(double);
	double *x = check(malloc(bytes));
	double *r = check(malloc(bytes));
	double *p = check(malloc(bytes));
	double *q = check(malloc(bytes));
	double rho = a->size;

	for (int i = 0; i < a->size; i++) {
		x[i] = 0;
		r[i] = p[i] = 1;
	}
	for (int i = 0; i < STEPS; i++)
		rho = step(a, x, r, p, q, rho);
	free(x);
	free(r);
	free(p);
	free(q);
	return rho;
}

int
main(int argc, char **argv)
{
	int side = argc > 1 ? atoi(argv[1]) : 256;
	struct matrix a;
	double *points;

	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		return print_help();
	if (side < 1 || side > 16384) {
		fputs("gradients: SIDE is from 1 to 16384\n", stderr);
		return 2;
	}
	points = make_points(side);
	make_matrix(&a, side);
	printf("after %d steps the residual is %.3g\n", STEPS, solve(&a));
	free(points);
	free(a.values);
	free(a.columns);
	free(a.starts);
	return 0;
}
