/* SPDX-License-Identifier: BSD-2-Clause */
/* The blocks of a kind that was closed are nobody's. */
#include "misuse.h"

int
main(void)
{
	poolkind *kind = open_or_exit("dram");
	void *small = poolkind_malloc(kind, 100);
	void *large = poolkind_malloc(kind, 3000000);

	poolkind_close(kind);
	errno = 0;
	poolkind_free(NULL, small);
	tell("small");
	poolkind_free(NULL, large);
	tell("large");

	go_on();
	return 0;
}
