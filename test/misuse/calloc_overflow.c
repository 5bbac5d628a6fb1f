/* SPDX-License-Identifier: BSD-2-Clause */
/* A product that does not fit is no small block. */
#include "misuse.h"

int
main(void)
{
	poolkind *kind = open_or_exit("dram");
	volatile size_t count = SIZE_MAX / 8 + 2;

	if (poolkind_calloc(kind, count, 8) != NULL)
		return 4;
	printf("%s\n", errno == ENOMEM ? "ENOMEM" : strerror(errno));
	errno = 0;

	go_on();
	return 0;
}
