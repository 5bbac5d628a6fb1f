/* SPDX-License-Identifier: BSD-2-Clause */
/* The middle of a large block is not a block. */
#include "misuse.h"

int
main(void)
{
	poolkind *kind = open_or_exit("dram");
	char *block = poolkind_malloc(kind, 1000000);

	poolkind_free(kind, block + 500000);
	tell("free");
	memset(block, 1, 1000000);
	poolkind_free(kind, block);
	tell("free of all");

	go_on();
	return 0;
}
