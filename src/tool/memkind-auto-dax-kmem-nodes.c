/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memkind-auto-dax-kmem-nodes.c - the program memkind-auto-dax-kmem-nodes:
 * prints the nodes that were made of DAX devices. See nodes.h.
 *
 * Ends with 0, with 1 where libmemkind cannot look for such nodes, with 2 where
 * it was not understood, and with 3 where there are none, or for any other
 * reason.
 */
#include "tool/nodes.h"

/* memkind has this error where it was built without libdaxctl, by which it
 * finds such nodes; libmemkind where it cannot read the topology. */
static int
status_of(int error)
{
	return error == MEMKIND_ERROR_OPERATION_FAILED ? 1 : 3;
}

int
main(int argc, char **argv)
{
	static const struct nodes_program program = {
		.name = "memkind-auto-dax-kmem-nodes",
		.memory = "memory onlined from a DAX device",
		.help = "Prints the numbers of the nodes made of DAX devices, "
			"with commas between them.\nThey may be set by "
			"MEMKIND_DAX_KMEM_NODES.\n",
		.ask = memkind_dax_kmem_all_get_mbind_nodemask,
		.help_status = 0,
		.status_of = status_of,
	};

	return nodes_run(&program, argc, argv);
}
