/* SPDX-License-Identifier: BSD-2-Clause */
/* k-means: the means are tiny and read for each point, the points are read once
 * a round, what the points were read from is freed before, and the history of
 * all rounds is only written. */
#include "hot.h"

#define POINTS 8192
#define DIMENSIONS 8
#define MEANS 12
#define ROUNDS 6

static struct hot *h_text, *h_points, *h_means, *h_sums, *h_labels, *h_best,
    *h_history;
static float *points, *means, *sums;

static float *
read_points(void)
{
	size_t bytes = POINTS * DIMENSIONS * 12;
	char *text = HOT_NEW(&h_text, "text", bytes);
	float *read = HOT_NEW(
	    &h_points, "points", POINTS * DIMENSIONS * sizeof(float));

	for (size_t i = 0; i < bytes; i++)
		WR(h_text, text[i], (char)('0' + hot_random() % 10));
	for (size_t i = 0; i < POINTS * DIMENSIONS; i++)
		WR(h_points, read[i],
		    (float)(RD(h_text, text[12 * i]) * 10 +
			RD(h_text, text[12 * i + 1])));
	HOT_FREE(h_text, text, bytes);
	return read;
}

static float
distance(size_t point, size_t mean)
{
	float sum = 0;

	for (size_t i = 0; i < DIMENSIONS; i++) {
		float by = RD(h_points, points[point * DIMENSIONS + i]) -
		    RD(h_means, means[mean * DIMENSIONS + i]);

		sum += by * by;
	}
	return sum;
}

int
main(void)
{
	size_t bytes = MEANS * DIMENSIONS * sizeof(float);
	int *labels, rounds = ROUNDS * hot_again();
	float *best, *history;

	points = read_points();
	means = HOT_NEW(&h_means, "means", 8192);
	sums = HOT_NEW(&h_sums, "sums", 8192);
	labels = HOT_NEW(&h_labels, "labels", POINTS * sizeof(*labels));
	best = HOT_NEW(&h_best, "best", POINTS * sizeof(*best));
	history = HOT_NEW(
	    &h_history, "history", ROUNDS * POINTS * sizeof(*history));
	for (size_t i = 0; i < bytes / sizeof(float); i++)
		WR(h_means, means[i], RD(h_points, points[97 * i]));
	for (int round = 0; round < rounds; round++) {
		for (size_t i = 0; i < MEANS * DIMENSIONS; i++)
			WR(h_sums, sums[i], 0);
		for (size_t i = 0; i < POINTS; i++) {
			WR(h_best, best[i], distance(i, 0));
			WR(h_labels, labels[i], 0);
			for (size_t j = 1; j < MEANS; j++) {
				float far = distance(i, j);

				if (far >= RD(h_best, best[i]))
					continue;
				WR(h_best, best[i], far);
				WR(h_labels, labels[i], (int)j);
			}
			WR(h_history, history[round % ROUNDS * POINTS + (int)i],
			    best[i]);
			for (size_t j = 0; j < DIMENSIONS; j++)
				WR(h_sums,
				    sums[labels[i] * DIMENSIONS + (int)j],
				    RD(h_sums,
					sums[labels[i] * DIMENSIONS + (int)j]) +
					points[i * DIMENSIONS + j]);
		}
		for (size_t i = 0; i < MEANS * DIMENSIONS; i++)
			WR(h_means, means[i],
			    RD(h_sums, sums[i]) * MEANS / POINTS);
	}
	hot_end();
	return history[0] < 0;
}
