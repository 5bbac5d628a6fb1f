/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nodes.c - which nodes a kind of libmemkind has. See nodes.h.
 */
#include "tool/nodes.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define NODES_MAX 1024
#define WORD_BITS (sizeof(unsigned long) * CHAR_BIT)
#define NOT_UNDERSTOOD 2

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

static int
show(const struct nodes_program *program)
{
	unsigned long mask[NODES_MAX / WORD_BITS] = { 0 };
	char why[MEMKIND_ERROR_MESSAGE_SIZE];
	int error = program->ask(NULL, mask, NODES_MAX);

	if (error != 0) {
		memkind_error_message(error, why, sizeof(why));
		fprintf(stderr, "%s: %s\n", program->name, why);
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
