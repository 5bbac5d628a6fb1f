/* SPDX-License-Identifier: BSD-2-Clause */
/* Regions have a least size, and whole pages. */
#include "misuse.h"

int
main(void)
{
	char *region = aligned_alloc(4096, 4 << 20);

	errno = 0;
	if (poolkind_open_region(region, 65536, NULL, 0) != NULL)
		return 4;
	tell("small");
	if (poolkind_open_region(region + 8, 2 << 20, NULL, 0) != NULL)
		return 4;
	tell("unaligned");
	free(region);

	go_on();
	return 0;
}
