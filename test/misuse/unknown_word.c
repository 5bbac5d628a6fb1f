/* SPDX-License-Identifier: BSD-2-Clause */
/* Words that are not known are named, with the nearest one. */
#include "misuse.h"

int
main(void)
{
	errno = 0;
	if (poolkind_open("dram,lmit=1G", 0) != NULL)
		return 4;
	tell("option");
	if (poolkind_open("dramm", 0) != NULL)
		return 4;
	tell("source");

	go_on();
	return 0;
}
