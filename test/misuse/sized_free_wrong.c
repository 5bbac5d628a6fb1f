/* SPDX-License-Identifier: BSD-2-Clause */
/* The size of a block is what was asked for last, or up to what it has. */
#include "misuse.h"

int
main(void)
{
	poolkind *kind = open_or_exit("dram");
	void *block;

	poolkind_free_sized(kind, poolkind_malloc(kind, 100), 5000);
	tell("too large");
	poolkind_free_sized(kind, poolkind_malloc(kind, 5000), 100);
	tell("too small");
	poolkind_free_sized(kind, poolkind_malloc(kind, 1000), 8);
	tell("small, too small");
	poolkind_free_sized(kind, poolkind_malloc(kind, 5000), 5000);
	poolkind_free_sized(kind, poolkind_aligned_alloc(kind, 512, 100), 100);
	poolkind_free_sized(kind, poolkind_calloc(kind, 10, 10), 100);
	poolkind_free_sized(kind, poolkind_malloc(kind, 0), 0);
	poolkind_free_sized(kind,
	    poolkind_realloc(kind, poolkind_malloc(kind, 1000000), 900000),
	    900000);
	poolkind_free_sized(
	    kind, poolkind_realloc(kind, poolkind_malloc(kind, 63), 60), 60);
	block = poolkind_malloc(kind, 1001);
	poolkind_free_sized(kind, block, poolkind_usable_size(block));
	tell("right");

	go_on();
	return 0;
}
