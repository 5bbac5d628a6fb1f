/* SPDX-License-Identifier: BSD-2-Clause */
/* A region lies in one kind. */
#include "misuse.h"

int
main(void)
{
	size_t size = 4 << 20;
	char *region = aligned_alloc(4096, size);
	poolkind *kind = poolkind_open_region(region, size, NULL, 0);

	errno = 0;
	if (poolkind_open_region(region + size / 2, size / 4, NULL, 0) != NULL)
		return 4;
	tell("open");
	poolkind_close(kind);
	free(region);

	go_on();
	return 0;
}
