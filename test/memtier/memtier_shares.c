/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memtier_shares.c - how libmemtier divides 64 MiB of blocks of 1 KiB to 256
 * KiB: the arguments are the two shares, of DRAM and of the other tier. Every
 * other block is resized, and all are freed.
 */
#include <malloc.h>

#include <memkind_memtier.h>

#include "preload_check.h"

#define TOTAL ((size_t)64 << 20)
#define BLOCKS_MAX (TOTAL / 1024)

static char *blocks[BLOCKS_MAX];
static size_t count;

static size_t
fill(void)
{
	size_t bytes = 0, dram = 0;

	while (bytes < TOTAL) {
		size_t size = (size_t)1024 << (count % 9);

		blocks[count] = malloc(size);
		memset(blocks[count], 1, size);
		size = malloc_usable_size(blocks[count]);
		if (memkind_detect_kind(blocks[count++]) == MEMKIND_DEFAULT)
			dram += size;
		bytes += size;
	}
	return dram * 1000 / bytes;
}

int
main(int argc, char **argv)
{
	size_t shares[2] = { 0, 0 }, permille, wanted, before, after;

	for (int i = 1; i < argc && i <= 2; i++)
		shares[i - 1] = strtoul(argv[i], NULL, 10);
	before = memtier_kind_allocated_size(MEMKIND_DEFAULT);
	permille = fill();
	wanted = shares[0] * 1000 / (shares[0] + shares[1]);
	CHECK("the shares are right within 2 %",
	    permille + 20 >= wanted && permille <= wanted + 20);
	for (size_t i = 0; i < count; i += 2)
		blocks[i] = realloc(blocks[i], (size_t)1024 << (i / 2 % 9));
	for (size_t i = 0; i < count; i++)
		free(blocks[i]);
	after = memtier_kind_allocated_size(MEMKIND_DEFAULT);
	CHECK("what was freed does not count any more", before == after);
	return failures != 0;
}
