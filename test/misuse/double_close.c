/* SPDX-License-Identifier: BSD-2-Clause */
/* A kind can be closed once. */
#include "misuse.h"

int
main(void)
{
	poolkind *kind = open_or_exit("dram");

	poolkind_close(kind);
	errno = 0;
	if (poolkind_close(kind) != -1)
		return 4;
	tell("close");

	go_on();
	return 0;
}
