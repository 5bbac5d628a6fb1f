/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * locality.h - where the threads of a kind have their memory. A value.
 */
#ifndef KIND_LOCALITY_H
#define KIND_LOCALITY_H

#include "spec/spec.h"

#define LOCALITIES_MAX 64

/* For each node with CPUs one of COUNT sets of nodes, with their weights as
 * struct spec has them. */
struct localities {
	unsigned count;
	uint8_t of_node[SPEC_NODES_MAX];
	uint64_t nodes[LOCALITIES_MAX][SPEC_NODES_MAX / 64];
	uint8_t weights[LOCALITIES_MAX][SPEC_WEIGHTS_MAX];
};

static inline bool
localities_are(const struct localities *localities, unsigned i,
    const uint64_t *nodes, const uint8_t *weights)
{
	return __builtin_memcmp(localities->nodes[i], nodes,
		   sizeof(localities->nodes[i])) == 0 &&
	    __builtin_memcmp(localities->weights[i], weights,
		sizeof(localities->weights[i])) == 0;
}

/* Lets threads on NODE have their memory on NODES, by WEIGHTS: one set more,
 * unless there is such a one. False where there is no room for more. */
static inline bool
localities_enter_weighted(struct localities *localities, unsigned node,
    const uint64_t *nodes, const uint8_t *weights)
{
	unsigned i = 0;

	while (i < localities->count &&
	    !localities_are(localities, i, nodes, weights))
		i++;
	if (i == LOCALITIES_MAX)
		return false;
	if (i == localities->count) {
		__builtin_memcpy(
		    localities->nodes[i], nodes, sizeof(localities->nodes[i]));
		__builtin_memcpy(localities->weights[i], weights,
		    sizeof(localities->weights[i]));
		localities->count++;
	}
	localities->of_node[node] = (uint8_t)i;
	return true;
}

/* The same without weights. Where there is no room for more the last set is
 * widened, so that no thread is kept from what is near it. */
static inline void
localities_enter(
    struct localities *localities, unsigned node, const uint64_t *nodes)
{
	static const uint8_t none[SPEC_WEIGHTS_MAX];
	const unsigned last = LOCALITIES_MAX - 1;

	if (localities_enter_weighted(localities, node, nodes, none))
		return;
	for (size_t word = 0; word < SPEC_NODES_MAX / 64; word++)
		localities->nodes[last][word] |= nodes[word];
	localities->of_node[node] = (uint8_t)last;
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
