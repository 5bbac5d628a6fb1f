/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bits.h - runs in arrays of bits: bit I is bit I % 64 of word I / 64.
 *
 * Owns nothing; the caller holds whatever lock the array needs.
 */
#ifndef BASE_BITS_H
#define BASE_BITS_H

#include "base/base.h"

/* The bits of one word from LOW on, COUNT of them (1 to 64). */
static inline uint64_t
bits_mask(unsigned low, unsigned count)
{
	return (~(uint64_t)0 >> (64 - count)) << low;
}

static inline bool
bits_test(const uint64_t *bits, size_t i)
{
	return (bits[i / 64] >> (i % 64)) & 1;
}

/* Sets (or clears) bits FROM to END - 1. */
static inline void
bits_fill(uint64_t *bits, size_t from, size_t end, bool value)
{
	while (from < end) {
		unsigned low = from % 64;
		unsigned count = (unsigned)min_size(64 - low, end - from);

		if (value)
			bits[from / 64] |= bits_mask(low, count);
		else
			bits[from / 64] &= ~bits_mask(low, count);
		from += count;
	}
}

/* The first bit from FROM on, below END, that is VALUE; END if there is none.*/
static inline size_t
bits_find(const uint64_t *bits, size_t from, size_t end, bool value)
{
	while (from < end) {
		uint64_t word = value ? bits[from / 64] : ~bits[from / 64];

		word >>= from % 64;
		if (word != 0)
			return min_size(
			    end, from + (unsigned)__builtin_ctzll(word));
		from = align_down(from, 64) + 64;
	}
	return end;
}

/* How many bits FROM to END - 1 are set. */
static inline size_t
bits_count(const uint64_t *bits, size_t from, size_t end)
{
	size_t count = 0;

	while (from < end) {
		unsigned low = from % 64;
		unsigned n = (unsigned)min_size(64 - low, end - from);

		count += (unsigned)__builtin_popcountll(
		    bits[from / 64] & bits_mask(low, n));
		from += n;
	}
	return count;
}

#endif /* BASE_BITS_H */
