/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * topology.c - life of a topology, and its plain answers.
 *
 * Owns the record and all that hangs from it. Called by the engine when it
 * first needs nodes by attribute, by libmemkind and by the tool. No locks,
 * except for a tree read from a folder (load_hwloc.c). Opening fails with what
 * its readers say; nothing else in here can.
 *
 * The record is filled in an order in which each reader needs the one before:
 * nodes (hwloc), devices, which mark the nodes that came from one, which nodes
 * are CXL memory, tiers, and mounts. From then on it is constant, hence every
 * answer is a look at it, by any number of threads, and a saved machine answers
 * as a live one does. Only poolkind_topology_free() asks the system, as free
 * memory is not a thing to record.
 */
#include <errno.h>
#include <numa.h>
#include <stdlib.h>

#include "base/cancel.h"
#include "topology/record.h"

/* What was read before a failure is closed as a whole record is: all its
 * pointers are NULL or memory of its own at any time. */
static struct topology *
read_machine(const char *from, char *why)
{
	struct topology *topology = calloc(1, sizeof(*topology));

	if (topology == NULL) {
		topology_fail(why, ENOMEM, "no memory for the topology");
		return NULL;
	}
	if (topology_read_hwloc(topology, from, why) == 0 &&
	    topology_read_dax(topology, why) == 0 &&
	    topology_read_cxl(topology, why) == 0 &&
	    topology_read_tiers(topology, why) == 0 &&
	    topology_read_mounts(topology, why) == 0)
		return topology;
	poolkind_topology_close(topology);
	return NULL;
}

/* The readers open files and directories, where a thread could be cancelled and
 * would leave them open, and the record half filled. */
EXPORT struct topology *
poolkind_topology_open(const char *from, char *why)
{
	int before = cancel_off();
	struct topology *topology = read_machine(from, why);

	cancel_back(before);
	return topology;
}

/* errno stays: read_machine() closes a record for what its errno says. */
EXPORT void
poolkind_topology_close(struct topology *topology)
{
	int error = errno;

	if (topology == NULL)
		return;
	for (unsigned i = 0; i < topology->node_count; i++)
		free((char *)topology->nodes[i].kind);
	for (unsigned i = 0; i < topology->device_count; i++) {
		free((char *)topology->devices[i].path);
		free((char *)topology->devices[i].region);
	}
	for (unsigned i = 0; i < topology->mount_count; i++) {
		free((char *)topology->mounts[i].path);
		free((char *)topology->mounts[i].type);
	}
	free(topology->nodes);
	free(topology->devices);
	free(topology->mounts);
	free(topology->values);
	free(topology->distances);
	free(topology->nearness);
	free(topology->measured);
	free(topology->root);
	free(topology);
	errno = error;
}

EXPORT unsigned
poolkind_topology_nodes(
    const struct topology *topology, const struct topology_node **nodes)
{
	*nodes = topology->nodes;
	return topology->node_count;
}

EXPORT unsigned
poolkind_topology_devices(
    const struct topology *topology, const struct topology_device **devices)
{
	*devices = topology->devices;
	return topology->device_count;
}

EXPORT unsigned
poolkind_topology_mounts(
    const struct topology *topology, const struct topology_mount **mounts)
{
	*mounts = topology->mounts;
	return topology->mount_count;
}

/* No memory has a bandwidth or a latency of 0, so that stands for "not known"
 * in the record. */
EXPORT bool
poolkind_topology_value(const struct topology *topology,
    enum topology_attribute attribute, unsigned initiator, unsigned target,
    uint64_t *value)
{
	unsigned from = topology_index(topology, initiator);
	unsigned to = topology_index(topology, target);

	if (from == NO_NODE || to == NO_NODE || attribute < 0 ||
	    attribute >= TOPOLOGY_ATTRIBUTES)
		return false;
	*value = *topology_value_at(topology, attribute, from, to);
	return *value != 0;
}

/* What the firmware says, for people to read: topology_nearness(), by which
 * nodes are chosen, has a guess where this is 0. */
EXPORT unsigned
poolkind_topology_distance(
    const struct topology *topology, unsigned from, unsigned to)
{
	unsigned row = topology_index(topology, from);
	unsigned column = topology_index(topology, to);

	if (row == NO_NODE || column == NO_NODE)
		return 0;
	return topology->distances[(size_t)row * topology->node_count + column];
}

/* libnuma reads the node's meminfo in sysfs. Of a node that this process may
 * not use nothing is free for it. */
EXPORT uint64_t
poolkind_topology_free(const struct topology *topology, unsigned node)
{
	unsigned index = topology_index(topology, node);
	long long free_bytes = 0;
	int before;

	if (!topology->live || index == NO_NODE ||
	    topology->nodes[index].capacity == 0)
		return 0;
	before = cancel_off();
	if (numa_node_size64((int)node, &free_bytes) < 0 || free_bytes < 0)
		free_bytes = 0;
	cancel_back(before);
	return (uint64_t)free_bytes;
}
