/* SPDX-License-Identifier: BSD-2-Clause */
/* What is not a kind cannot be closed. */
#include "misuse.h"

int
main(void)
{
	static long words[1024];

	errno = 0;
	if (poolkind_close((poolkind *)words) != -1)
		return 4;
	tell("close");

	go_on();
	return 0;
}
