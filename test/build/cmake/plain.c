/* SPDX-License-Identifier: BSD-2-Clause */
/* A program that knows of no kinds, with a library that stands in malloc's
 * place, for test/build/cmake. */
#include <stdlib.h>
#include <string.h>

int
main(void)
{
	char *volatile block = malloc(1000);

	if (block == NULL)
		return 1;
	memset(block, 1, 1000);
	free(block);
	return 0;
}
