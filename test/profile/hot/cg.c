/* SPDX-License-Identifier: BSD-2-Clause */
/* Conjugate gradients on a sparse matrix of five diagonals: the vectors are
 * small and hot, the matrix is read once a step, and a copy of the right side
 * and the coordinates of the points are not touched again. */
#include "hot.h"

#define SIDE 128
#define N (SIDE * SIDE)
#define STEPS 12

static struct hot *h_values, *h_columns, *h_starts, *h_x, *h_r, *h_p, *h_q,
    *h_right, *h_points;
static double *values, *x, *r, *p, *q, *right, *points;
static int *columns, *starts;

static void
make_matrix(void)
{
	static const int steps[] = { -SIDE, -1, 0, 1, SIDE };
	int count = 0;

	for (int i = 0; i < N; i++) {
		WR(h_starts, starts[i], count);
		for (int j = 0; j < 5; j++) {
			int column = i + steps[j];

			if (column < 0 || column >= N)
				continue;
			WR(h_columns, columns[count], column);
			WR(h_values, values[count], steps[j] == 0 ? 4.1 : -1);
			count++;
		}
	}
	WR(h_starts, starts[N], count);
}

static double
multiply(void)
{
	double dot = 0;

	for (int i = 0; i < N; i++) {
		int end = RD(h_starts, starts[i + 1]);
		double sum = 0;

		for (int j = RD(h_starts, starts[i]); j < end; j++)
			sum += RD(h_values, values[j]) *
			    RD(h_p, p[RD(h_columns, columns[j])]);
		WR(h_q, q[i], sum);
		dot += sum * RD(h_p, p[i]);
	}
	return dot;
}

int
main(void)
{
	double rho = 0;
	int steps = STEPS * hot_again();

	values = HOT_NEW(&h_values, "values", 5 * N * sizeof(double));
	columns = HOT_NEW(&h_columns, "columns", 5 * N * sizeof(int));
	starts = HOT_NEW(&h_starts, "starts", (N + 1) * sizeof(int));
	x = HOT_NEW(&h_x, "x", N * sizeof(double));
	r = HOT_NEW(&h_r, "r", N * sizeof(double));
	p = HOT_NEW(&h_p, "p", N * sizeof(double));
	q = HOT_NEW(&h_q, "q", N * sizeof(double));
	right = HOT_NEW(&h_right, "right", N * sizeof(double));
	points = HOT_NEW(&h_points, "points", 3 * N * sizeof(double));
	make_matrix();
	for (int i = 0; i < N; i++) {
		WR(h_points, points[3 * i], i % SIDE);
		WR(h_points, points[3 * i + 1], i / SIDE);
		WR(h_right, right[i], 1 + i % 7);
		WR(h_x, x[i], 0);
		WR(h_r, r[i], RD(h_right, right[i]));
		WR(h_p, p[i], RD(h_right, right[i]));
		rho += RD(h_r, r[i]) * RD(h_r, r[i]);
	}
	for (int step = 0; step < steps; step++) {
		double alpha = rho / multiply(), before = rho;

		rho = 0;
		for (int i = 0; i < N; i++) {
			WR(h_x, x[i], RD(h_x, x[i]) + alpha * RD(h_p, p[i]));
			WR(h_r, r[i], RD(h_r, r[i]) - alpha * RD(h_q, q[i]));
			rho += RD(h_r, r[i]) * RD(h_r, r[i]);
		}
		for (int i = 0; i < N; i++)
			WR(h_p, p[i],
			    RD(h_r, r[i]) + rho / before * RD(h_p, p[i]));
	}
	hot_end();
	return rho < 0;
}
