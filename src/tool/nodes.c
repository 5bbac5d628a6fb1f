/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nodes.c - which nodes a kind of libmemkind has. See nodes.h.
 *
 * Both programs ask libmemkind itself, by functions that it exports for them,
 * so that they name the very nodes that its kinds would get: from its variables
 * and rules, not from the machine alone. The numbers of exit statuses are
 * memkind's, which scripts test, and differ from one program to the other.
 */
#include "tool/nodes.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Of Linux, at most: the mask has room for every node that can be. */
#define NODES_MAX 1024
#define WORD_BITS (sizeof(unsigned long) * CHAR_BIT)
#define NOT_UNDERSTOOD 2

/* In the form that numactl(8) and memkind's variables take: "1,3". What could
 * not be written is found out here, since a full disk must not look like an
 * answer to who reads the file. */
static int
print_nodes(const unsigned long *mask)
{
	const char *comma = "";

	for (unsigned id = 0; id < NODES_MAX; id++) {
		if (((mask[id / WORD_BITS] >> (id % WORD_BITS)) & 1) == 0)
			continue;
		printf("%s%u", comma, id);
		comma = ",";
	}
	putchar('\n');
	return fflush(stdout);
}

static bool
is_missing(int error)
{
	return error == MEMKIND_ERROR_UNAVAILABLE ||
	    error == MEMKIND_ERROR_MEMTYPE_NOT_AVAILABLE;
}

/* A kind without nodes is an error of libmemkind's; which one it is says
 * whether there are none or they could not be looked for. NULL in place of the
 * kind: each of the functions knows its own. */
static int
show(const struct nodes_program *program)
{
	unsigned long mask[NODES_MAX / WORD_BITS] = { 0 };
	char why[MEMKIND_ERROR_MESSAGE_SIZE];
	int error = program->ask(NULL, mask, NODES_MAX);

	if (error != 0) {
		memkind_error_message(error, why, sizeof(why));
		fprintf(stderr, "%s: %s%s%s\n", program->name, why,
		    is_missing(error) ? ": " : "",
		    is_missing(error) ? program->memory : "");
		return program->status_of(error);
	}
	if (print_nodes(mask) != 0) {
		fprintf(stderr, "%s: cannot write: %s\n", program->name,
		    strerror(errno));
		return program->status_of(MEMKIND_ERROR_RUNTIME);
	}
	return 0;
}

int
nodes_run(const struct nodes_program *program, int argc, char **argv)
{
	if (argc < 2)
		return show(program);
	if (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0) {
		printf("usage: %s [-h | --help]\n\n%s", program->name,
		    program->help);
		return program->help_status;
	}
	fprintf(stderr, "%s: unknown word \"%s\"\nusage: %s [-h | --help]\n",
	    program->name, argv[1], program->name);
	return NOT_UNDERSTOOD;
}
