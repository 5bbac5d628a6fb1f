/* SPDX-License-Identifier: BSD-2-Clause */
/* The sized form with a pointer of somebody else. */
#include "misuse.h"

int
main(void)
{
	void *of_libc = malloc(100);
	poolkind *kind = open_or_exit("dram");

	poolkind_free_sized(kind, of_libc, 100);
	tell("libc");
	free(of_libc);

	go_on();
	return 0;
}
