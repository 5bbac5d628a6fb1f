/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record_sample.c - see record_sample.h.
 *
 * The logarithm and the exponential function are worked out here, as a library
 * in malloc's place loads no libm: to some millionths, where a thousandth would
 * do.
 */
#include "preload/record_sample.h"

#define LN_2 0.6931471805599453
#define BITS 52

/* The natural logarithm of VALUE / 2^52, which is from 1 / 2^52 to 1: of the
 * power of two, and of what is left by the series for the inverse hyperbolic
 * tangent. */
static double
logarithm(uint64_t value)
{
	int power = 63 - __builtin_clzll(value);
	double rest = (double)value / (double)(UINT64_C(1) << power);
	double at = (rest - 1) / (rest + 1), square = at * at;
	double series = 1 +
	    square *
		(1. / 3 +
		    square *
			(1. / 5 +
			    square *
				(1. / 7 + square * (1. / 9 + square / 11))));

	return (power - BITS) * LN_2 + 2 * at * series;
}

/* 1 - exp(-X): by its series where X is small, and doubled from there on. */
static double
chance(double x)
{
	unsigned doublings = 0;
	double result;

	if (x > 40)
		return 1;
	while (x > 1. / 16) {
		x /= 2;
		doublings++;
	}
	result = x * (1 - x / 2 * (1 - x / 3 * (1 - x / 4 * (1 - x / 5))));
	while (doublings-- > 0)
		result *= 2 - result;
	return result;
}

/* Marsaglia's xorshift, the upper bits of a product. */
static uint64_t
draw(struct record_sample *sample)
{
	uint64_t x = sample->random;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	sample->random = x;
	return x * UINT64_C(0x2545f4914f6cdd1d);
}

/* A gap is exponential, so what is left behind a block is as new. */
void
record_sample_next(struct record_sample *sample, uint64_t mean)
{
	uint64_t uniform = (draw(sample) >> (64 - BITS)) + 1;

	sample->left = (int64_t)(-logarithm(uniform) * (double)mean);
}

void
record_sample_begin(struct record_sample *sample, uint64_t seed, uint64_t mean)
{
	sample->random = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15) | 1;
	for (unsigned i = 0; i < 4; i++)
		draw(sample);
	record_sample_next(sample, mean);
}

uint32_t
record_sample_weight(uint64_t size, uint64_t mean, uint32_t one)
{
	double weight = one / chance((double)size / (double)mean) + .5;

	return weight < UINT32_MAX ? (uint32_t)weight : UINT32_MAX;
}
