/* SPDX-License-Identifier: BSD-2-Clause */
/* Blocks of somebody else have no usable size. */
#include "misuse.h"

int
main(void)
{
	char *of_libc = malloc(100);

	errno = 0;
	printf("%zu usable\n", poolkind_usable_size(of_libc));
	tell("usable size");
	free(of_libc);

	go_on();
	return 0;
}
