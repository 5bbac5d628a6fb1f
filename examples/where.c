/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * where.c - on which nodes kinds have their memory, asked of their blocks: a
 * row for each kind, a column for each node that this process may run on.
 * poolkind_get_machine_nodes() says which nodes there are.
 *
 *	./where [KIND...]
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <poolkind.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#define NODES 256
#define BYTES ((size_t)4 << 20)

static int
print_help(void)
{
	puts("usage: where [KIND...]\n\n"
	     "Prints a table: for each kind a row, for each node that has\n"
	     "processors a column, with the nodes that a block lies on\n"
	     "when a thread there asks for it.");
	return 0;
}

static const char *const usual[] = { "dram,policy=local", "nodes:0-1",
	"nodes:0-1,policy=interleave", "nodes:3", "hbw", "bandwidth",
	"bandwidth,scope=all", "latency", "capacity", "capacity,scope=all",
	"dax-kmem", "bandwidth,page=2M", "dax:auto", "file:/dev/shm" };

/* The nodes of this machine. */
static struct poolkind_node machine[NODES];
static unsigned nodes = NODES;

/* Moves this thread to a processor of NODE; 0 if there is none. */
static int
move_to(unsigned node, const cpu_set_t *allowed)
{
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		cpu_set_t one;
		unsigned here;

		if (!CPU_ISSET(cpu, allowed))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		if (sched_setaffinity(0, sizeof(one), &one) == 0 &&
		    getcpu(NULL, &here) == 0 && here == node)
			return 1;
	}
	return 0;
}

/* The nodes of a block of KIND, for this thread. */
static void
print_nodes(poolkind *kind)
{
	size_t bytes[NODES] = { 0 };
	const char *separator = " ";
	void *block = poolkind_malloc(kind, BYTES);

	if (block == NULL) {
		printf(" no room |");
		return;
	}
	memset(block, 1, BYTES);
	poolkind_block_nodes(block, bytes, NODES);
	for (unsigned node = 0; node < NODES; node++)
		if (bytes[node] != 0) {
			printf("%s%u", separator, node);
			separator = ", ";
		}
	printf("%s |", separator[0] == ' ' ? " the device" : "");
}

/* A kind for each node, so that none finds pages that another has touched. */
static void
print_row(const char *text, const cpu_set_t *allowed)
{
	poolkind *kind;

	printf("| `%s` |", text);
	for (unsigned i = 0; i < nodes; i++) {
		if (!machine[i].has_cpus || !move_to(machine[i].node, allowed))
			continue;
		kind = poolkind_open(text, 0);
		if (kind == NULL)
			printf(" %s |", poolkind_errormsg());
		else
			print_nodes(kind);
		poolkind_close(kind);
	}
	printf("\n");
}

int
main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		return print_help();
	int count = argc > 1 ? argc - 1 : (int)(sizeof(usual) / sizeof(*usual));
	cpu_set_t allowed;

	if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
		return 1;
	if (poolkind_get_machine_nodes(machine, &nodes, sizeof(*machine)) !=
	    0) {
		fprintf(stderr, "where: %s\n", poolkind_errormsg());
		return 1;
	}
	nodes = nodes < NODES ? nodes : NODES;
	printf("| kind |");
	for (unsigned i = 0; i < nodes; i++)
		if (machine[i].has_cpus && move_to(machine[i].node, &allowed))
			printf(" a thread on node %u |", machine[i].node);
	printf("\n");
	for (int i = 0; i < count; i++)
		print_row(argc > 1 ? argv[i + 1] : usual[i], &allowed);
	return 0;
}
