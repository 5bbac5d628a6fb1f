/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fork.c - a kind in a file, and what becomes of it in the child of a fork.
 *
 *	./fork [DIRECTORY]
 *
 * fork=refuse   the child has neither the pages nor the use of the kind
 * fork=shared   both see the same blocks; the child's new ones are its own
 * fork=copy     the child has a file of its own, as the parent's was
 * fork=private  both write to copies of the file's pages, in memory
 */
#include <poolkind.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int
print_help(void)
{
	puts("usage: fork [DIRECTORY]\n\n"
	     "Shows what a child sees of a kind on a file, and what the\n"
	     "parent sees of what the child did, for each policy that\n"
	     "fork= has. The file is in DIRECTORY (/tmp).");
	return 0;
}

/* What the child does, and says. */
static void
child(poolkind *kind, char *block)
{
	void *more = poolkind_malloc(kind, 1000);

	if (more == NULL) {
		printf("  child:  no block: %s\n", poolkind_errormsg());
	} else {
		printf("  child:  finds \"%s\"\n", block);
		strcpy(block, "the child's");
	}
	fflush(stdout);
	_exit(0);
}

static int
try(const char *directory, const char *policy)
{
	char spec[4200];
	int status = 1;

	snprintf(
	    spec, sizeof(spec), "file:%s,size=8M,fork=%s", directory, policy);
	poolkind *kind = poolkind_open(spec, 0);
	if (kind == NULL) {
		fprintf(stderr, "fork: %s\n", poolkind_errormsg());
		return 1;
	}
	char *block = poolkind_malloc(kind, 100);
	if (block == NULL)
		return 1;
	strcpy(block, "the parent's");
	printf("fork=%s\n", policy);
	fflush(stdout);
	if (fork() == 0)
		child(kind, block);
	wait(&status);
	printf("  parent: finds \"%s\"\n", block);
	return poolkind_close(kind) | status;
}

int
main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		return print_help();
	const char *directory = argc > 1 ? argv[1] : "/tmp";

	return try(directory, "refuse") | try(directory, "shared") |
	    try(directory, "copy") | try(directory, "private");
}
