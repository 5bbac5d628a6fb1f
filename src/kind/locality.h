/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * locality.h - where the threads of a kind have their memory. A value.
 */
#ifndef KIND_LOCALITY_H
#define KIND_LOCALITY_H

#include "spec/spec.h"

#define LOCALITIES_MAX 64

/* For each node with CPUs one of COUNT sets of nodes. */
struct localities {
	unsigned count;
	uint8_t of_node[SPEC_NODES_MAX];
	uint64_t nodes[LOCALITIES_MAX][SPEC_NODES_MAX / 64];
};

/* Lets threads on NODE have their memory on NODES: one set more, unless there
 * is such a one. Where there is no room for more the last set is widened, so
 * that no thread is kept from what is near it. */
static inline void
localities_enter(
    struct localities *localities, unsigned node, const uint64_t *nodes)
{
	size_t bytes = sizeof(localities->nodes[0]);
	unsigned i = 0;

	while (i < localities->count &&
	    __builtin_memcmp(localities->nodes[i], nodes, bytes) != 0)
		i++;
	if (i == LOCALITIES_MAX) {
		i--;
		for (size_t word = 0; word < bytes / sizeof(*nodes); word++)
			localities->nodes[i][word] |= nodes[word];
	} else if (i == localities->count)
		__builtin_memcpy(
		    localities->nodes[localities->count++], nodes, bytes);
	localities->of_node[node] = (uint8_t)i;
}

/* Adds the nodes of all sets to NODES. */
static inline void
localities_unite(const struct localities *localities, uint64_t *nodes)
{
	for (unsigned i = 0; i < localities->count; i++)
		for (size_t word = 0; word < SPEC_NODES_MAX / 64; word++)
			nodes[word] |= localities->nodes[i][word];
}

#endif /* KIND_LOCALITY_H */
