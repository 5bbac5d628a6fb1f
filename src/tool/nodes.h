/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nodes.h - the whole of a program that prints which nodes a kind of libmemkind
 * has, for numactl(8) and scripts.
 *
 * Owns what it prints. A process of one thread; no locks.
 */
#ifndef TOOL_NODES_H
#define TOOL_NODES_H

#include "memkind.h"

/* What libmemkind exports for such programs, and has in no header. */
int memkind_hbw_all_get_mbind_nodemask(
    memkind_t kind, unsigned long *mask, unsigned long maxnode);
int memkind_dax_kmem_all_get_mbind_nodemask(
    memkind_t kind, unsigned long *mask, unsigned long maxnode);

struct nodes_program {
	const char *name, *help;
	const char *memory; /* what is looked for, for people */
	int (*ask)(memkind_t kind, unsigned long *mask, unsigned long maxnode);
	int help_status;
	int (*status_of)(int error); /* of libmemkind, not 0 */
};

/* What main() returns; 2 where the command line is not understood. */
int nodes_run(const struct nodes_program *program, int argc, char **argv);

#endif /* TOOL_NODES_H */
