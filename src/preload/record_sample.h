/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record_sample.h - which small blocks are recorded, and how many each stands
 * for.
 *
 * The bytes that a thread allocates in small blocks are a line on which points
 * lie at random, MEAN bytes apart in the mean. A block is recorded if a point
 * is in it. So each byte has the same chance, whatever pattern the program
 * allocates in, and a block of SIZE bytes has that of 1 - exp(-SIZE / MEAN): it
 * is counted with the inverse of that.
 *
 * Owns nothing: the state is the thread's.
 */
#ifndef PRELOAD_RECORD_SAMPLE_H
#define PRELOAD_RECORD_SAMPLE_H

#include "base/base.h"

struct record_sample {
	int64_t left; /* bytes to the next point */
	uint64_t random;
};

/* SEED: another one for each thread. */
void record_sample_begin(
    struct record_sample *sample, uint64_t seed, uint64_t mean);

/* Draws the next point, after one was passed. */
void record_sample_next(struct record_sample *sample, uint64_t mean);

/* Whether the block is to be recorded; then the next point has to be drawn. */
static inline bool
record_sample_hits(struct record_sample *sample, size_t size)
{
	sample->left -= (int64_t)size;
	return unlikely(sample->left < 0);
}

/* What a recorded block of SIZE bytes, at least 1, stands for, times ONE. */
uint32_t record_sample_weight(uint64_t size, uint64_t mean, uint32_t one);

#endif /* PRELOAD_RECORD_SAMPLE_H */
