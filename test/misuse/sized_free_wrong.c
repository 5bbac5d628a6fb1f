/* SPDX-License-Identifier: BSD-2-Clause */
/* A size that cannot be that of the block. A smaller one can: blocks shrink,
 * and aligned ones are larger than was asked for. */
#include "misuse.h"

int
main(void)
{
	poolkind *kind = open_or_exit("dram");

	poolkind_free_sized(kind, poolkind_malloc(kind, 100), 5000);
	tell("too large");
	poolkind_free_sized(kind, poolkind_malloc(kind, 5000), 100);
	tell("too small");
	poolkind_free_sized(kind, poolkind_malloc(kind, 5000), 5000);
	tell("right");

	go_on();
	return 0;
}
