/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * machine.c - the commands that show the machine: nodes and devices.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/base.h"
#include "tool/commands.h"
#include "tool/huge_pages.h"
#include "tool/json.h"

/* ---- nodes --------------------------------------------------------------- */

/* The best value that the firmware reports of NODE, as seen from any node with
 * CPUs: a table has room for one number, and for a node near its CPUs that is
 * what counts. "-" for what is not known. */
static const char *
best_text(const struct topology *topology, enum topology_attribute attribute,
    unsigned node, char text[24])
{
	uint64_t best = poolkind_topology_best(topology, attribute, node);

	if (best == 0)
		return "-";
	snprintf(text, 24, "%" PRIu64, best);
	return text;
}

static const char *
number_or_dash(int number, char text[16])
{
	if (number < 0)
		return "-";
	snprintf(text, 16, "%d", number);
	return text;
}

static const char *
word_or_dash(const char *word)
{
	return word[0] != '\0' ? word : "-";
}

/* Columns are as wide as their headings in command_nodes(). A node of CPUs
 * alone has the capacity 0; of a saved machine nobody knows what is free. */
static void
print_node(const struct topology *topology, const struct topology_node *node)
{
	char text[4][24], pair[2][50], free_mib[24] = "-", tier[16];
	uint64_t free_bytes = poolkind_topology_free(topology, node->id);

	snprintf(pair[0], sizeof(pair[0]), "%s/%s",
	    best_text(topology, TOPOLOGY_READ_BANDWIDTH, node->id, text[0]),
	    best_text(topology, TOPOLOGY_WRITE_BANDWIDTH, node->id, text[1]));
	snprintf(pair[1], sizeof(pair[1]), "%s/%s",
	    best_text(topology, TOPOLOGY_READ_LATENCY, node->id, text[2]),
	    best_text(topology, TOPOLOGY_WRITE_LATENCY, node->id, text[3]));
	if (free_bytes != 0)
		snprintf(
		    free_mib, sizeof(free_mib), "%" PRIu64, free_bytes / MIB);
	printf("%4u %-4s %-8s %-3s %4s %12" PRIu64 " %10s %15s %11s\n",
	    node->id, node->has_cpus ? "yes" : "no",
	    word_or_dash(topology_kind_text(node)),
	    node->from_dax ? "yes" : "no", number_or_dash(node->tier, tier),
	    node->capacity / MIB, free_mib, pair[0], pair[1]);
}

/* The firmware's distances, where there is more than one node. */
static void
print_distances(const struct topology *topology,
    const struct topology_node *nodes, unsigned count)
{
	if (count < 2 ||
	    poolkind_topology_distance(topology, nodes[0].id, nodes[1].id) == 0)
		return;
	printf(
	    "\nDISTANCE FROM THE NODE OF A ROW TO THAT OF A COLUMN\n%4s", "");
	for (unsigned to = 0; to < count; to++)
		printf(" %4u", nodes[to].id);
	for (unsigned from = 0; from < count; from++) {
		printf("\n%4u", nodes[from].id);
		for (unsigned to = 0; to < count; to++)
			printf(" %4u",
			    poolkind_topology_distance(
				topology, nodes[from].id, nodes[to].id));
	}
	putchar('\n');
}

static void
print_huge_page(void *count, unsigned node, const struct huge_pages *pages)
{
	if (pages->total == 0)
		return;
	if ((*(unsigned *)count)++ == 0)
		printf("\n%4s %12s %8s %8s\n", "NODE", "PAGES OF KiB", "SET UP",
		    "FREE");
	printf("%4u %12zu %8zu %8zu\n", node, pages->size / KIB, pages->total,
	    pages->free);
}

/* By rising number, so that the lines of two machines, or of one before and
 * after a change, can be compared. Huge pages are this machine's: a saved one
 * has none. */
int
command_nodes(int argc, char **argv)
{
	const struct topology_node *nodes;
	struct topology *topology;
	unsigned count, huge = 0;
	int status;

	status = open_from(argc, argv, &topology);
	if (status != 0)
		return status;
	count = poolkind_topology_nodes(topology, &nodes);
	if (json_wanted)
		json_nodes(topology, argc == 0);
	else {
		printf("%4s %-4s %-8s %-3s %4s %12s %10s %15s %11s\n", "NODE",
		    "CPUS", "KIND", "DAX", "TIER", "CAPACITY/MiB", "FREE/MiB",
		    "READ/WRITE MB/s", "READ/WR. ns");
		for (unsigned i = 0; i < count; i++)
			print_node(topology, &nodes[i]);
		print_distances(topology, nodes, count);
		for (unsigned i = 0; i < count && argc == 0; i++)
			each_huge_page(nodes[i].id, print_huge_page, &huge);
	}
	poolkind_topology_close(topology);
	return 0;
}

/* ---- devices ------------------------------------------------------------- */

/* TARGET is the node that a device would become as memory, NEAR the node with
 * CPUs closest to it, and system-ram a device that has become memory and cannot
 * be mapped any more. */
static void
print_device(const struct topology_device *device)
{
	char target[16], near[16];

	printf("%-14s %6s %10" PRIu64 " %10" PRIu64 " %6s %4s %s\n",
	    device->path, device->region, device->size / MIB,
	    device->alignment / KIB,
	    number_or_dash(device->target_node, target),
	    number_or_dash(device->near_node, near),
	    device->is_system_ram ? "system-ram" : "devdax");
}

/* Devices, and file systems that can be mapped without a page cache: the two
 * ways in which a kind gets at persistent memory. */
int
command_devices(int argc, char **argv)
{
	const struct topology_device *devices;
	const struct topology_mount *mounts;
	struct topology *topology;
	unsigned count;
	bool there_are;
	int status;

	status = open_from(argc, argv, &topology);
	if (status != 0)
		return status;
	if (json_wanted) {
		json_devices(topology);
		poolkind_topology_close(topology);
		return 0;
	}
	count = poolkind_topology_devices(topology, &devices);
	printf("%-14s %6s %10s %10s %6s %4s %s\n", "DEVICE", "REGION",
	    "SIZE/MiB", "ALIGN/KiB", "TARGET", "NEAR", "MODE");
	for (unsigned i = 0; i < count; i++)
		print_device(&devices[i]);
	there_are = count > 0;
	count = poolkind_topology_mounts(topology, &mounts);
	for (unsigned i = 0; i < count; i++)
		printf("%s%-14s %s\n", i == 0 ? "\nMOUNTED WITH DAX\n" : "",
		    mounts[i].path, mounts[i].type);
	if (!there_are && count == 0)
		remark("no DAX device has a size, and no file system is "
		       "mounted with DAX");
	poolkind_topology_close(topology);
	return 0;
}
