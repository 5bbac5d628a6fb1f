/* SPDX-License-Identifier: BSD-2-Clause */
/* No flag is defined yet. */
#include "misuse.h"

int
main(void)
{
	errno = 0;
	if (poolkind_open("dram", 8) != NULL)
		return 4;
	tell("open");

	go_on();
	return 0;
}
