/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dax-pool.c - a kind on a DAX device: all of a memory expander, or a part, for
 * one process.
 *
 *	./dax-pool [dax:PATH | dax:auto | dax:node=N]
 *
 * A device is the process's alone: a second one is told who has it.
 */
#include <poolkind.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int
print_help(void)
{
	puts("usage: dax-pool [dax:PATH | dax:auto | dax:node=N]\n\n"
	     "Takes a block of half a DAX device, and shows what a second\n"
	     "process hears that wants the same device.");
	return 0;
}

/* What another process hears that wants the same device. */
static void
second(const char *text)
{
	poolkind *kind = poolkind_open(text, 0);

	printf("  another process: %s\n",
	    kind == NULL ? poolkind_errormsg() : "has it, too");
	fflush(stdout);
	_exit(0);
}

int
main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		return print_help();
	const char *text = argc > 1 ? argv[1] : "dax:auto";
	poolkind *kind = poolkind_open(text, 0);
	struct poolkind_stats stats;
	char *block;

	if (kind == NULL) {
		fprintf(stderr, "dax-pool: %s\n", poolkind_errormsg());
		return 1;
	}
	poolkind_get_stats(kind, &stats, sizeof(stats));
	printf("%s: %zu MiB\n", text, stats.size >> 20);
	block = poolkind_malloc(kind, stats.size / 2);
	if (block == NULL)
		return 1;
	memset(block, 'x', 1 << 20);
	printf("  a block of half of it at %p\n", (void *)block);
	fflush(stdout);
	if (strncmp(text, "dax:/", 5) == 0 && fork() == 0)
		second(text);
	wait(NULL);
	poolkind_close(kind);
	return 0;
}
