/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * read_cpus.c - which node each CPU belongs to.
 *
 * Owns nothing. Called by read_hwloc.c while a topology is opened; no locks.
 * Fails for lack of memory alone.
 *
 * hwloc says near which CPUs a node's memory is: DRAM and HBM of a package are
 * near the same ones. The kernel says which node a CPU belongs to, and with
 * that from where a thread looks at memory: sys/devices/system/node/has_cpu
 * names those nodes. A saved topology has no such file, and then each CPU goes
 * to the first node that is near it, in this order: nodes near fewer CPUs
 * before nodes near more (a package's own memory before memory shared by all),
 * "DRAM" before nodes without a kind, these before other kinds, and last what
 * was onlined from a DAX device; then by the kernel's number, as Linux numbers
 * nodes with CPUs first.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "topology/record.h"

enum claim { CLAIM_DRAM, CLAIM_UNKNOWN, CLAIM_OTHER, CLAIM_DAX };

static enum claim
claim_of(hwloc_obj_t node)
{
	if (hwloc_obj_get_info_by_name(node, "DAXDevice") != NULL)
		return CLAIM_DAX;
	if (node->subtype == NULL)
		return CLAIM_UNKNOWN;
	return strcmp(node->subtype, "DRAM") == 0 ? CLAIM_DRAM : CLAIM_OTHER;
}

/* Whether the node A takes CPUs before the node B. */
static bool
goes_before(hwloc_obj_t a, hwloc_obj_t b)
{
	int weight_a = hwloc_bitmap_weight(a->cpuset);
	int weight_b = hwloc_bitmap_weight(b->cpuset);

	if (weight_a != weight_b)
		return weight_a < weight_b;
	if (claim_of(a) != claim_of(b))
		return claim_of(a) < claim_of(b);
	return a->os_index < b->os_index;
}

/* The next node to take CPUs that has none yet. */
static unsigned
next_claim(const struct machine *machine, const bool *done)
{
	unsigned best = NO_NODE;

	for (unsigned i = 0; i < machine->count; i++)
		if (!done[i] &&
		    (best == NO_NODE ||
			goes_before(
			    machine->objects[i], machine->objects[best])))
			best = i;
	return best;
}

/* Whether the kernel's file says which nodes have CPUs; then into HAS. */
static bool
read_has_cpu(const char *root, hwloc_bitmap_t has)
{
	char line[4096];

	return root != NULL &&
	    topology_read_line(
		root, "/sys/devices/system/node/has_cpu", line, sizeof(line)) &&
	    line[0] != '\0' && hwloc_bitmap_list_sscanf(has, line) == 0;
}

/* Hands out CPUs, each once, to the nodes in HAS (NULL: to all nodes). */
static int
hand_out(struct machine *machine, hwloc_const_bitmap_t has)
{
	hwloc_bitmap_t left = hwloc_bitmap_dup(
	    hwloc_topology_get_complete_cpuset(machine->hwloc));
	bool *done = calloc(machine->count + 1, sizeof(*done));
	int error = left == NULL || done == NULL ? -1 : 0;
	unsigned i;

	while (error == 0 && (i = next_claim(machine, done)) != NO_NODE) {
		hwloc_obj_t node = machine->objects[i];

		done[i] = true;
		if (has != NULL && !hwloc_bitmap_isset(has, node->os_index))
			continue;
		if (hwloc_bitmap_and(machine->cpus[i], left, node->cpuset) <
			0 ||
		    hwloc_bitmap_andnot(left, left, node->cpuset) < 0)
			error = -1;
	}
	free(done);
	hwloc_bitmap_free(left);
	return error;
}

int
topology_read_cpus(struct machine *machine, const char *root)
{
	hwloc_bitmap_t has = hwloc_bitmap_alloc();
	int error = -1;

	if (has != NULL)
		error = hand_out(machine, read_has_cpu(root, has) ? has : NULL);
	hwloc_bitmap_free(has);
	if (error != 0)
		errno = ENOMEM;
	return error;
}
