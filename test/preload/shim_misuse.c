/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shim_misuse.c WHAT SIZE - does with a block of SIZE bytes what a program must
 * not: frees it twice, frees or resizes a pointer into it. Says "went on"
 * behind it, and whether free(3) left errno.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
main(int argc, char **argv)
{
	size_t size = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	char *volatile block = malloc(size);

	if (block == NULL)
		return EXIT_FAILURE;
	memset(block, 1, size);
	errno = ERANGE;
	if (strcmp(argv[1], "twice") == 0)
		free(block);
	if (strcmp(argv[1], "resize") != 0)
		free(strcmp(argv[1], "twice") == 0 ? block : block + 16);
	else if (realloc(block + 16, 2 * size) != NULL || errno != EINVAL)
		return EXIT_FAILURE;
	else
		errno = ERANGE;
	puts(errno == ERANGE ? "went on" : "errno is another");
	return EXIT_SUCCESS;
}
