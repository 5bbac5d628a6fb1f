/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nodes.h - on which nodes the memory of memkind's own kinds lies.
 *
 * Owns the topology, read at the first question that needs it, with a lock of
 * its own that is held while it is asked. Reading calls malloc, which
 * may lead back to memkind: nodes_are_being_read() tells a thread that it is
 * the one which reads, and must not ask for nodes.
 */
#ifndef MEMKIND_NODES_H
#define MEMKIND_NODES_H

#include "kind/locality.h"

/* What the nodes are chosen by. */
enum family {
	FAMILY_ANY, /* as the process has it */
	FAMILY_CPUS,
	FAMILY_ALL,
	FAMILY_HBW,
	FAMILY_KMEM,
	FAMILY_CAPACITY,
	FAMILY_LATENCY,
	FAMILY_BANDWIDTH,
};

/* A set of nodes, a bit each. */
struct nodes {
	uint64_t bits[SPEC_NODES_MAX / 64];
};

/*
 * Where the threads of each node find memory of the family: in scope local
 * what is best from there, else the same for all. NAME is the kind's, for what
 * MEMKIND_DEBUG=1 tells. Returns 0, or MEMKIND_ERROR_ENVIRON,
 * MEMKIND_ERROR_MEMTYPE_NOT_AVAILABLE, MEMKIND_ERROR_UNAVAILABLE, or
 * MEMKIND_ERROR_OPERATION_FAILED where the topology cannot be read. Leaves
 * errno alone.
 */
int nodes_localities(const char *name, enum family family,
    enum spec_scope scope, struct localities *localities);

/* The bytes of memory that the nodes have together. */
uint64_t nodes_capacity(const uint64_t *nodes);

/* Whether huge pages of 2 MiB can be had on one of the nodes; NULL: anywhere.
 */
bool nodes_have_huge_pages(const uint64_t *nodes);

/* Huge pages of 2 MiB that there are, and that may be made when wanted. */
uint64_t nodes_huge_pages(void);

/* Whether the calling thread is reading the topology: then it must ask nothing
 * else of this file. */
bool nodes_are_being_read(void);

/* Around fork: no other thread is reading or asking. */
void nodes_hold(void);
void nodes_release(void);
void nodes_release_in_child(void);

#endif /* MEMKIND_NODES_H */
