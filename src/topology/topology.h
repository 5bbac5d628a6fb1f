/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * topology.h - the machine's memory: nodes, what is known of them, DAX devices.
 *
 * A library of its own, libpoolkind-topology.so.0, because it needs hwloc,
 * libnuma and libdaxctl: the engine opens it when a spec first asks for nodes
 * by attribute or for a DAX device to be found, and a program that does neither
 * never loads them. Exported under POOLKIND_PRIVATE, for libraries of the same
 * release.
 *
 * A topology is read once and does not change, but for what is measured; to see
 * what changed, open another. It owns all that its functions answer with. Any
 * number of threads may ask one topology at once, unless one of them calls
 * poolkind_topology_weights() or poolkind_topology_measure(). Opening allocates
 * by malloc, so it is not for hooks and fork handlers.
 *
 * Memory that this process may not use (cpuset, cgroup) does not exist here. A
 * node with CPUs stays, with a capacity of 0, as others are seen from there.
 */
#ifndef TOPOLOGY_TOPOLOGY_H
#define TOPOLOGY_TOPOLOGY_H

#include <string.h>

#include "base/base.h"
#include "spec/spec.h"

struct topology;

#define TOPOLOGY_TEXT_MAX 256

/* A set of nodes or of CPUs, a bit each, by the kernel's numbers. */
struct node_set {
	uint64_t bits[SPEC_NODES_MAX / 64];
};

/* What the firmware reports of a node, as seen from the CPUs of another. */
enum topology_attribute {
	TOPOLOGY_BANDWIDTH, /* MB/s; read and write: their mean */
	TOPOLOGY_READ_BANDWIDTH,
	TOPOLOGY_WRITE_BANDWIDTH,
	TOPOLOGY_LATENCY, /* ns */
	TOPOLOGY_READ_LATENCY,
	TOPOLOGY_WRITE_LATENCY,
	TOPOLOGY_ATTRIBUTES
};

struct topology_node {
	unsigned id;       /* the kernel's number */
	bool has_cpus;     /* as Linux says; each CPU belongs to one node */
	bool from_dax;     /* memory onlined from a DAX device, no CPUs */
	bool is_cxl;       /* CXL memory, no CPUs */
	int tier;          /* of the kernel, else of hwloc; -1: unknown */
	int near_node;     /* the nearest node with CPUs; -1: none has */
	uint64_t capacity; /* bytes; 0: CPUs alone */
	const char *kind;  /* "DRAM", "HBM", ... where hwloc knows; else "" */
};

/* The node's kind for people: hwloc's word, which says more where it knows CXL
 * memory itself. "": not known. */
static inline const char *
topology_kind_text(const struct topology_node *node)
{
	return node->is_cxl && strncmp(node->kind, "CXL", 3) != 0 ? "CXL" :
								    node->kind;
}

/* A DAX device that has a size and a driver. */
struct topology_device {
	const char *path;   /* "/dev/dax0.0" */
	const char *region; /* of libdaxctl, as a number in text */
	uint64_t size, alignment;
	int target_node;    /* the node it would be as memory; -1: unknown */
	int near_node;      /* the CPU node nearest to it; -1: unknown */
	bool is_system_ram; /* onlined as memory: no device to map */
};

/* A file system mounted with DAX for all of its files. */
struct topology_mount {
	const char *path, *type;
};

/*
 * Reads the topology FROM: NULL for this machine as this process sees it (or
 * the one that hwloc's own variables, as HWLOC_XMLFILE, put in its place),
 * "xml:PATH" (hwloc's form), "synthetic:TEXT" (hwloc's form) or "sysfs:PATH" (a
 * tree that holds sys/ and proc/; changes the environment while it is read, so
 * for a process of one thread). NULL with errno and the sentence in WHY, of
 * TOPOLOGY_TEXT_MAX bytes.
 */
struct topology *poolkind_topology_open(const char *from, char *why);
void poolkind_topology_close(struct topology *topology);

/* Nodes with memory, by rising number; and nodes with CPUs, also those without
 * memory. Returns how many. */
unsigned poolkind_topology_nodes(
    const struct topology *topology, const struct topology_node **nodes);
unsigned poolkind_topology_devices(
    const struct topology *topology, const struct topology_device **devices);
unsigned poolkind_topology_mounts(
    const struct topology *topology, const struct topology_mount **mounts);

/* What is known of TARGET as seen from INITIATOR, a node with CPUs; false where
 * nothing is. */
bool poolkind_topology_value(const struct topology *topology,
    enum topology_attribute attribute, unsigned initiator, unsigned target,
    uint64_t *value);

/* The best that is known of NODE, as seen from any node with CPUs; 0: nothing.
 */
uint64_t poolkind_topology_best(const struct topology *topology,
    enum topology_attribute attribute, unsigned node);

/* As the firmware's distance table has it; 0 where there is none. */
unsigned poolkind_topology_distance(
    const struct topology *topology, unsigned from, unsigned to);

/* Bytes free on a node right now; 0 for a saved topology. */
uint64_t poolkind_topology_free(const struct topology *topology, unsigned node);

/*
 * The nodes that SOURCE names, one that is a memory attribute, as seen from the
 * node INITIATOR (scope local), or from anywhere (scope all: INITIATOR does not
 * matter). Several where they are equal. TIER is for the source of tiers.
 *
 *   bandwidth  highest bandwidth. Local: of equals the nearest, then that with
 *              the least capacity
 *   latency    lowest latency. Local: the same of equals
 *   capacity   largest. Local: of the nodes to which no other node with CPUs is
 *              nearer; of equals the nearest
 *   hbw        nodes with at least twice the bandwidth of the DRAM nodes; where
 *              there are none, those with 200 GB/s and more that are no slower
 *              than DRAM; hwloc's "HBM" and "MCDRAM" always, CXL memory never.
 *              Local: the nearest of them, of equals the best
 *   dax-kmem   nodes onlined from a DAX device. Local: the nearest of them
 *   cxl        nodes of CXL memory: see read_cxl.c. Local: the nearest of them
 *   tier       nodes of the memory tier TIER: see read_tiers.c. Local: the
 *              nearest of them
 *
 * DRAM nodes are those that hwloc calls so, and those with CPUs that are not
 * HBM. Local counts only nodes for which the firmware reports values from
 * there, in bandwidth and latency; where it reports local values alone, these
 * are the node's own. Near is by the firmware's distances; where it has none, a
 * node is nearest to itself, then to memory that hwloc puts near its CPUs.
 *
 * Returns 0, or ENODEV. WHY, of TOPOLOGY_TEXT_MAX bytes, says in either case
 * what was looked at and what decided: for `poolkind rank` and error messages.
 */
int poolkind_topology_select(const struct topology *topology,
    enum spec_source source, unsigned tier, enum spec_scope scope,
    unsigned initiator, struct node_set *nodes, char *why);

/* Leaves of NODES those that are nearest to the node INITIATOR, in the sense
 * above, and have memory. */
void poolkind_topology_nearest(const struct topology *topology,
    unsigned initiator, struct node_set *nodes);

/*
 * Weights for memory that goes to the nodes of NODES in turn: as the bandwidth
 * of reads that each of them has, seen from the node INITIATOR (scope local),
 * or from wherever that is best (scope all: INITIATOR does not matter). By
 * rising number of the node into WEIGHTS, of SPEC_WEIGHTS_MAX, from 1 to 255:
 * the least numbers that give each node its share to 2 % of it, or those that
 * come nearest. 0 follows where there is room. The bandwidths are
 *
 *   1. the firmware's, of reads, or else the mean with writes, where it tells
 *      one of every node of NODES;
 *   2. else measured ones;
 *   3. in scope local, where nothing can be measured from there, those that are
 *      known from elsewhere.
 *
 * Returns 0; EAGAIN where poolkind_topology_measure() may tell more: what is to
 * be measured is noted; E2BIG of more than SPEC_WEIGHTS_MAX nodes; or ENODEV.
 * WHY, of TOPOLOGY_TEXT_MAX bytes, says what was looked at and what decided.
 */
int poolkind_topology_weights(struct topology *topology,
    const struct node_set *nodes, enum spec_scope scope, unsigned initiator,
    uint8_t *weights, char *why);

/* The bandwidth of reads in MB/s, of the memory of node TO as seen from the
 * processors of node FROM, 0 where it cannot be measured, in MS milliseconds at
 * most, with BYTES of memory at most. */
typedef uint64_t topology_probe(
    unsigned from, unsigned to, unsigned ms, size_t bytes);

/* Measures what was noted, one after the other and in two seconds at most, and
 * keeps it. PROBE is NULL but in tests: then threads, which are gone
 * afterwards, read memory on this machine; of a saved one nothing is measured.
 */
void poolkind_topology_measure(
    struct topology *topology, size_t bytes, topology_probe *probe);

/*
 * The DAX device nearest to the node NEAR (-1: any) of those that can be mapped
 * and, where TARGET is not -1, have that target node. SKIP: how many of them to
 * leave out, for a caller that found those in use. NULL with the sentence in
 * WHY, which otherwise says which device it is.
 */
const struct topology_device *poolkind_topology_device(
    const struct topology *topology, int near, int target, unsigned skip,
    char *why);

#endif /* TOPOLOGY_TOPOLOGY_H */
