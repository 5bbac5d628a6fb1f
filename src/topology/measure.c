/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * measure.c - what was noted in a topology is measured. See topology.h.
 *
 * Owns the entries of the record that are noted, while it is called: nobody
 * else may use the topology then. No locks. What cannot be measured is entered
 * as that, and not tried again.
 */
#include "topology/probe.h"
#include "topology/record.h"

/* For all together, and for one, of which a longer look tells no more. */
#define ALL_MS 2000
#define ONE_MS 200

static size_t
count_noted(const struct topology *topology)
{
	size_t all = (size_t)topology->node_count * topology->node_count;
	size_t count = 0;

	for (size_t i = 0; i < all; i++)
		count += topology->measured[i] == MEASURE_NOW;
	return count;
}

EXPORT void
poolkind_topology_measure(
    struct topology *topology, size_t bytes, topology_probe *probe)
{
	size_t ms = ALL_MS / max_size(count_noted(topology), 1);
	unsigned nodes = topology->node_count;

	if (probe == NULL && topology->live)
		probe = topology_probe_reads;
	for (unsigned i = 0; i < nodes * nodes; i++) {
		const struct topology_node *from = &topology->nodes[i / nodes];
		const struct topology_node *to = &topology->nodes[i % nodes];
		uint64_t speed = 0;

		if (topology->measured[i] != MEASURE_NOW)
			continue;
		if (probe != NULL && ms != 0)
			speed = probe(from->id, to->id,
			    (unsigned)min_size(ms, ONE_MS), bytes);
		topology->measured[i] = speed != 0 ? speed : MEASURE_FAILED;
	}
}
