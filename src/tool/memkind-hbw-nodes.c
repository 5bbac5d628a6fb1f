/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memkind-hbw-nodes.c - the program memkind-hbw-nodes: prints the nodes with
 * high bandwidth memory. See nodes.h.
 *
 * Ends with 0, with 1 where there are none, and with 2 where it was not
 * understood, or asked for help: so it always was.
 */
#include "tool/nodes.h"

static int
status_of(int error)
{
	(void)error;
	return 1;
}

int
main(int argc, char **argv)
{
	static const struct nodes_program program = {
		.name = "memkind-hbw-nodes",
		.memory = "high-bandwidth memory",
		.help = "Prints the numbers of the nodes with high bandwidth "
			"memory, with commas\nbetween them. They may be set by "
			"MEMKIND_HBW_NODES.\n",
		.ask = memkind_hbw_all_get_mbind_nodemask,
		.help_status = 2,
		.status_of = status_of,
	};

	return nodes_run(&program, argc, argv);
}
