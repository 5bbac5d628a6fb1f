/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record.h - what a topology is: filled by the readers, then never changed, but
 * for what weights.c notes and measure.c measures.
 *
 * topology.c owns the record; load_hwloc.c and the files read_*.c each fill
 * their part of it while it is opened, by what record.c has for all of them;
 * select.c, query.c and choose_device.c work on it alone. No locks: a record
 * that is being filled is known to one thread, and a full one is constant.
 *
 * Nodes are numbered by the kernel everywhere in the interface; in here tables
 * are by index, a node's place in `nodes`.
 */
#ifndef TOPOLOGY_RECORD_H
#define TOPOLOGY_RECORD_H

#include <hwloc.h>

#include "topology/topology.h"

struct topology {
	struct topology_node *nodes; /* by rising number */
	struct topology_device *devices;
	struct topology_mount *mounts;
	unsigned node_count, device_count, mount_count;

	/* [attribute][initiator][target], 0: unknown */
	uint64_t *values;
	/* [from][to], the firmware's, 0: none */
	unsigned *distances;
	/* The same, but where there is none a guess of the same order. */
	unsigned *nearness;
	/* [from][to], MB/s of reads that were measured, or one of these. */
	uint64_t *measured;

	/* The folder that holds sys/ and proc/: "" for this machine, NULL for
	 * a topology that has neither. */
	char *root;
	bool live; /* this machine, and not one read from a file */
};

#define MEASURE_NOT 0          /* nobody asked for it */
#define MEASURE_NOW UINT64_MAX /* noted */
#define MEASURE_FAILED (UINT64_MAX - 1)

/* An index that is none, and a distance that is greater than any. */
#define NO_NODE (~0u)
#define FARTHEST (~0u)

/* Sets errno and the sentence in WHY, and is -1. */
int topology_fail(char *why, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The index of the node with number ID, or NO_NODE. */
unsigned topology_index(const struct topology *topology, unsigned id);

static inline uint64_t *
topology_value_at(const struct topology *topology,
    enum topology_attribute attribute, unsigned from, unsigned to)
{
	size_t row = (size_t)attribute * topology->node_count + from;

	return &topology->values[row * topology->node_count + to];
}

static inline uint64_t *
topology_measured_at(
    const struct topology *topology, unsigned from, unsigned to)
{
	return &topology->measured[(size_t)from * topology->node_count + to];
}

static inline unsigned
topology_nearness(const struct topology *topology, unsigned from, unsigned to)
{
	return topology->nearness[(size_t)from * topology->node_count + to];
}

/* The index of the node with CPUs that is nearest to the node at TO; NO_NODE
 * where no node has CPUs. */
unsigned topology_nearest_cpus(const struct topology *topology, unsigned to);

/* A text of its own from FORMAT; NULL with ENOMEM. */
char *topology_text(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* Reads the first line of the file at ROOT and PATH into LINE, without its end.
 * False where there is none. */
bool topology_read_line(
    const char *root, const char *path, char *line, size_t size);

/* The parts of opening: each returns 0, or -1 with errno and the sentence. */
int topology_read_hwloc(struct topology *topology, const char *from, char *why);
int topology_read_dax(struct topology *topology, char *why);
int topology_read_cxl(struct topology *topology, char *why);
int topology_read_tiers(struct topology *topology, char *why);
int topology_read_mounts(struct topology *topology, char *why);

/* Whether no variable may lead hwloc astray; false with errno and the sentence.
 * Asked before hwloc is. */
bool topology_may_ask_hwloc(char *why);

/* Reads what FROM names, as poolkind_topology_open() understands it, into
 * HWLOC, which is initialised; sets ->root and ->live. Returns 0, or -1 with
 * errno and the sentence. */
int topology_load_hwloc(struct topology *topology, hwloc_topology_t hwloc,
    const char *from, char *why);

/* What read_hwloc.c needs of a machine while it reads it. */
struct machine {
	hwloc_topology_t hwloc;
	hwloc_obj_t *objects; /* of the nodes, by index */
	hwloc_bitmap_t *cpus; /* of each node: those it is the initiator for */
	hwloc_bitmap_t allowed; /* nodes that this process may use */
	unsigned count;
};

/* Finds which node each CPU belongs to, into MACHINE->cpus; see read_cpus.c.
 * Returns 0, or -1 with ENOMEM. */
int topology_read_cpus(struct machine *machine, const char *root);

#endif /* TOPOLOGY_RECORD_H */
