/* SPDX-License-Identifier: BSD-2-Clause */
/* shim_valgrind.c - one mistake, or none, by the number given as argument. */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *volatile block;

static void
no_mistake(void)
{
	memset(block, 1, malloc_usable_size(block));
	block = realloc(block, 5000);
	memset(block, 1, malloc_usable_size(block));
	free(block);
	block = calloc(10, 100);
	if (block[999] != 0)
		abort();
	if (fork() == 0) {
		free(block);
		_exit(0);
	}
	wait(NULL);
	free(block);
	block = memalign(4096, 100);
	free(block);
	block = NULL;
}

int
main(int argc, char **argv)
{
	(void)argc;
	block = malloc(4);
	switch (atoi(argv[1])) {
	case 0:
		no_mistake();
		break;
	case 1: /* overrun */
		block[malloc_usable_size(block)] = 1;
		break;
	case 2: /* use after free */
		free(block);
		block[0] = 1;
		block = NULL;
		break;
	case 3: /* lost */
		block = NULL;
		break;
	case 4: /* read before it was written */
		if (block[0] != 0)
			write(1, "", 0);
		break;
	case 5: /* freed twice */
		free(block);
		free(block);
		block = NULL;
		break;
	}
	free(block);
	return 0;
}
