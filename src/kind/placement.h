/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * placement.h - where the threads of a kind have their memory. A value.
 */
#ifndef KIND_PLACEMENT_H
#define KIND_PLACEMENT_H

#include "spec/spec.h"

#define PLACES_MAX 64

/* For each node with CPUs one of COUNT sets of nodes. */
struct placement {
	unsigned count;
	uint8_t of_node[SPEC_NODES_MAX];
	uint64_t nodes[PLACES_MAX][SPEC_NODES_MAX / 64];
};

/* Lets threads on NODE have their memory on NODES: one set more, unless there
 * is such a one, or no room for more. */
static inline void
placement_enter(
    struct placement *placement, unsigned node, const uint64_t *nodes)
{
	size_t bytes = sizeof(placement->nodes[0]);
	unsigned i = 0;

	while (i < placement->count &&
	    __builtin_memcmp(placement->nodes[i], nodes, bytes) != 0)
		i++;
	if (i == PLACES_MAX)
		i--;
	else if (i == placement->count)
		__builtin_memcpy(
		    placement->nodes[placement->count++], nodes, bytes);
	placement->of_node[node] = (uint8_t)i;
}

#endif /* KIND_PLACEMENT_H */
