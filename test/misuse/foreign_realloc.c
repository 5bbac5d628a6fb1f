/* SPDX-License-Identifier: BSD-2-Clause */
/* Blocks of somebody else cannot be reallocated. */
#include "misuse.h"

int
main(void)
{
	char *of_libc = malloc(100);
	poolkind *kind = open_or_exit("dram");

	if (poolkind_realloc(kind, of_libc, 200) != NULL)
		return 4;
	tell("realloc");
	if (poolkind_realloc(NULL, of_libc, 0) != NULL)
		return 4;
	tell("realloc to nothing");
	if (poolkind_realloc(NULL, NULL, 10) != NULL)
		return 4;
	tell("realloc of nothing");
	free(of_libc);

	go_on();
	return 0;
}
