/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sizeclass.h - jemalloc's classes of sizes: from a request to its bin, from a
 * bin to the size of its blocks.
 *
 * Owns two tables, which are filled when jemalloc is made ready and constant
 * from there on: before, every size has bin 0, in which no cache has a block.
 * The bin of a size above CACHE_SIZE_MAX is computed: the table would be
 * sixteen times as large.
 * Called by anybody, without a lock. Cannot fail.
 */
#ifndef ARENA_SIZECLASS_H
#define ARENA_SIZECLASS_H

#include "arena/structures.h"

/* Seen by the libraries that stand in malloc's place, too: what is inline here
 * and in cache.h is theirs as well. Names of the project's own, since a static
 * library shows them. */
#define SHARED_BELOW __attribute__((visibility("default")))

/* The bin for SIZE, up to CACHE_SIZE_MAX; and the size of a bin's blocks. */
extern SHARED_BELOW uint8_t cache_bin_for[CACHE_SIZE_MAX / 8 + 1] __asm__(
    "poolkind_bin_for");
extern SHARED_BELOW uint32_t cache_bin_size[CACHE_BINS] __asm__(
    "poolkind_bin_size");

static inline unsigned
bin_for(size_t size)
{
	return cache_bin_for[(size + 7) / 8];
}

/* The bin for a larger SIZE, up to CACHE_LARGE_MAX: each power of two has
 * four. */
static inline unsigned
bin_for_large(size_t size)
{
	unsigned lg = 63 - (unsigned)__builtin_clzl(size - 1);

	return BIN_LARGE + (lg - 16) * 4 +
	    (unsigned)((size - 1) >> (lg - 2) & 3);
}

/* That for any SIZE up to CACHE_LARGE_MAX. */
static inline unsigned
bin_for_any(size_t size)
{
	return size <= CACHE_SIZE_MAX ? bin_for(size) : bin_for_large(size);
}

/* Fills the tables. Called once, before any heap is open. */
void sizeclass_start(void);

/* Whether the bin's blocks are small ones, which share an extent, a slab. */
bool bin_is_small(unsigned number);

/* The bin that takes blocks of USABLE bytes, or 0 if none does. */
unsigned bin_of_usable(size_t usable);

/* The low bits that are set in the address of no block of the bin. */
uint16_t bin_low_bits(unsigned number);

/* The size of the class that serves SIZE bytes, at an alignment that is a power
 * of two; 0 if there is none so large. */
size_t usable_size_for(size_t size);
size_t usable_size_aligned(size_t size, size_t alignment);

#endif /* ARENA_SIZECLASS_H */
