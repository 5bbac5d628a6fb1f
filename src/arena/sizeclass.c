/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sizeclass.c - see sizeclass.h.
 */
#include "arena/internals.h"

#include "arena/sizeclass.h"

_Static_assert(SC_NBINS == BIN_SLAB_MAX, "every small class has a bin");

uint8_t cache_bin_for[CACHE_SIZE_MAX / 8 + 1];
uint32_t cache_bin_size[CACHE_BINS];

/* Sizes that jemalloc rounds up to one class lie in a row in the table, from
 * the one after the class before. The first bin serves a request for nothing,
 * too. */
void
sizeclass_start(void)
{
	for (unsigned i = 1; i < CACHE_BINS; i++) {
		size_t bytes = sz_index2size(i - 1);
		size_t first = cache_bin_size[i - 1] / 8 + (i != 1);

		cache_bin_size[i] = (uint32_t)bytes;
		if (i < BIN_LARGE)
			__builtin_memset(&cache_bin_for[first], (int)i,
			    bytes / 8 + 1 - first);
		else
			invariant(bin_for_large(bytes) == i);
	}
	invariant(cache_bin_size[BIN_LARGE - 1] == CACHE_SIZE_MAX);
	invariant(cache_bin_size[CACHE_BINS - 1] == CACHE_LARGE_MAX);
}

bool
bin_is_small(unsigned number)
{
	return number - 1 < BIN_SLAB_MAX; /* bin 0 is not */
}

unsigned
bin_of_usable(size_t usable)
{
	unsigned number = usable > CACHE_LARGE_MAX ? 0 : bin_for_any(usable);

	return cache_bin_size[number] == usable ? number : 0;
}

/*
 * An extent begins at a page, and in a slab the blocks lie side by side from
 * there on: so all their addresses are multiples of the factor of two that is
 * in their size, a page at most, and large blocks begin at a page.
 */
uint16_t
bin_low_bits(unsigned number)
{
	size_t size = cache_bin_size[number];

	return (uint16_t)(min_size(size & -size, PAGE_BYTES) - 1);
}

size_t
usable_size_for(size_t size)
{
	return size > SC_LARGE_MAXCLASS ? 0 : sz_s2u(size == 0 ? 1 : size);
}

size_t
usable_size_aligned(size_t size, size_t alignment)
{
	size_t usable = size > SC_LARGE_MAXCLASS ||
		alignment > SC_LARGE_MAXCLASS ?
	    0 :
	    sz_sa2u(size == 0 ? 1 : size, alignment);

	return usable > SC_LARGE_MAXCLASS ? 0 : usable;
}
