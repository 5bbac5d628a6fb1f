/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * region.c - a kind on memory that the program has already: here a mapping
 * that is shared with a child process, which finds what the parent built in
 * it. The engine keeps its records elsewhere, so that every byte of the region
 * can hold blocks, and whoever has the region mapped can read them.
 */
#include <poolkind.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define REGION ((size_t)4 << 20)

static int
print_help(void)
{
	puts("usage: region\n\n"
	     "Makes a kind on a mapping that the program has already, and\n"
	     "reads there what a child process wrote into a block.");
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		return print_help();
	int status = 1;
	void *region = mmap(NULL, REGION, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (region == MAP_FAILED) {
		perror("region: mmap");
		return 1;
	}
	poolkind *kind = poolkind_open_region(region, REGION, "name=shared", 0);
	if (kind == NULL) {
		fprintf(stderr, "region: %s\n", poolkind_errormsg());
		return 1;
	}
	char *line = poolkind_malloc(kind, 100);
	if (line == NULL)
		return 1;
	printf("the block lies %zu bytes into the region of kind \"%s\"\n",
	    (size_t)(line - (char *)region), poolkind_name(poolkind_of(line)));
	fflush(stdout);

	if (fork() == 0) {
		/* The child reads and writes; to allocate in memory that two
		 * processes share is the business of one of them only. */
		strcpy(line, "written by the child");
		_exit(0);
	}
	wait(&status);
	printf("it says: %s\n", line);

	/* The region stays mapped: it was the program's all along. */
	poolkind_close(kind);
	munmap(region, REGION);
	return status;
}
