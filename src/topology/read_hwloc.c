/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * read_hwloc.c - nodes, what the firmware says of them, and distances.
 *
 * Owns hwloc's topology while one of ours is opened, and an empty one for as
 * long as the process lives (keep_plugins()). Called by topology.c. One
 * lock, around the beginning of that one.
 * Fails where the topology cannot be read, or for lack of memory.
 *
 * What hwloc answers, and what is made of it:
 *
 *   nodes        every NUMA node, also without memory or CPUs. Nodes without
 *                both are dropped: nothing can be had there or seen from there
 *   capacity     local_memory of the node; 0 if this process may not use it
 *   kind         the subtype: "DRAM", "HBM", "MCDRAM", "CXL-DRAM", ...; often
 *                none
 *   tier         "MemoryTier", from hwloc 2.10 on
 *   CPUs         hwloc says which are near a node, read_cpus.c to which node
 *                each belongs
 *   values       by memory attribute, initiator and target, from the kernel's
 *                access classes, which are from the firmware's HMAT; without
 *                an HMAT there are none
 *   distances    the table "NUMALatency", which is the firmware's SLIT; a
 *                machine may have none
 *
 * hwloc is asked for disallowed resources too: a node whose CPUs run our
 * threads may have memory that a cpuset forbids, and is still the place from
 * which they look. It stays, without capacity; other forbidden nodes are
 * dropped.
 */
#include <errno.h>
#include <numa.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "topology/record.h"

/* Seconds for which a reading waits for the first of the process. */
#define PATIENCE 5

/* ---- Nodes --------------------------------------------------------------- */

static unsigned
most_nodes(hwloc_topology_t hwloc)
{
	return (unsigned)hwloc_get_nbobjs_by_type(hwloc, HWLOC_OBJ_NUMANODE);
}

static void
machine_free(struct machine *machine)
{
	if (machine->cpus != NULL)
		for (unsigned i = 0; i < machine->count; i++)
			hwloc_bitmap_free(machine->cpus[i]);
	free(machine->cpus);
	free(machine->objects);
	hwloc_bitmap_free(machine->allowed);
}

/* Takes out of ALLOWED, which is hwloc's view, what the kernel does not allow:
 * it has the last word on what this process may use, since it takes the cpusets
 * of all ancestors into account (libnuma asks it by get_mempolicy(2)). For this
 * machine only: a saved one has its own answer. Where the kernel says nothing,
 * as one without NUMA, hwloc's view stands. */
static void
read_allowed(hwloc_bitmap_t allowed)
{
	struct bitmask *mems = numa_available() >= 0 ? numa_get_mems_allowed() :
						       NULL;

	if (mems == NULL)
		return;
	for (int id = hwloc_bitmap_first(allowed); id >= 0;
	     id = hwloc_bitmap_next(allowed, id))
		if (numa_bitmask_isbitset(mems, (unsigned)id) == 0)
			hwloc_bitmap_clr(allowed, (unsigned)id);
	numa_bitmask_free(mems);
}

/* All nodes that hwloc has, by rising number. Numbers that no set of ours can
 * hold are left out. */
static int
find_nodes(struct machine *machine)
{
	hwloc_topology_t hwloc = machine->hwloc;
	hwloc_const_nodeset_t nodes = hwloc_topology_get_topology_nodeset(
	    hwloc);
	size_t most = most_nodes(hwloc);

	machine->allowed = hwloc_bitmap_dup(
	    hwloc_topology_get_allowed_nodeset(hwloc));
	machine->objects = calloc(most + 1, sizeof(*machine->objects));
	machine->cpus = calloc(most + 1, sizeof(*machine->cpus));
	if (machine->allowed == NULL || machine->objects == NULL ||
	    machine->cpus == NULL)
		return -1;
	for (int id = hwloc_bitmap_first(nodes); id >= 0 && id < SPEC_NODES_MAX;
	     id = hwloc_bitmap_next(nodes, id)) {
		unsigned i = machine->count;

		machine->cpus[i] = hwloc_bitmap_alloc();
		if (machine->cpus[i] == NULL)
			return -1;
		machine->objects[i] = hwloc_get_numanode_obj_by_os_index(
		    hwloc, (unsigned)id);
		machine->count++;
	}
	return 0;
}

/* 0 takes a node out of every answer (query_memory()), while it can still be
 * looked from. */
static uint64_t
capacity_of(const struct machine *machine, unsigned i)
{
	hwloc_obj_t node = machine->objects[i];

	if (!hwloc_bitmap_isset(machine->allowed, node->os_index))
		return 0;
	return node->attr->numanode.local_memory;
}

/* The tier that hwloc made up, 0 for the fastest; -1 where it did not. */
static int
tier_of(hwloc_obj_t node)
{
	const char *text = hwloc_obj_get_info_by_name(node, "MemoryTier");

	return text != NULL ? atoi(text) : -1;
}

/* What hwloc tells of the node at index I: but its kind, which is a copy. */
static void
describe(const struct topology *topology, const struct machine *machine,
    unsigned i, struct topology_node *node)
{
	hwloc_obj_t object = machine->objects[i];
	const char *kind = object->subtype != NULL ? object->subtype : "";

	node->id = object->os_index;
	node->has_cpus = !hwloc_bitmap_iszero(machine->cpus[i]);
	node->capacity = capacity_of(machine, i);
	node->from_dax = topology->root == NULL && !node->has_cpus &&
	    hwloc_obj_get_info_by_name(object, "DAXDevice") != NULL;
	node->is_cxl = !node->has_cpus && strncmp(kind, "CXL", 3) == 0;
	node->tier = tier_of(object);
}

/*
 * Writes the nodes that count into the record, and moves the same ones to the
 * front of MACHINE, so that both have one index from here on. Sets of CPUs are
 * swapped and not overwritten, as machine_free() frees all of them.
 *
 * A node is from_dax here only where there is no sysfs to read (an XML file, a
 * synthetic text): hwloc's DAXDevice is all that is known then. Otherwise
 * read_dax.c marks it.
 */
static int
keep_nodes(struct topology *topology, struct machine *machine)
{
	unsigned all = machine->count, kept = 0;

	topology->nodes = calloc(all + 1, sizeof(*topology->nodes));
	if (topology->nodes == NULL)
		return -1;
	for (unsigned i = 0; i < all; i++) {
		struct topology_node *node = &topology->nodes[kept];
		hwloc_obj_t object = machine->objects[i];
		hwloc_bitmap_t cpus = machine->cpus[i];

		describe(topology, machine, i, node);
		machine->cpus[i] = machine->cpus[kept];
		machine->cpus[kept] = cpus;
		machine->objects[kept] = object;
		if (!node->has_cpus && node->capacity == 0)
			continue;
		node->kind = strdup(object->subtype ? object->subtype : "");
		if (node->kind == NULL)
			return -1;
		topology->node_count = ++kept;
	}
	return 0;
}

/* ---- Values and distances ------------------------------------------------ */

static const hwloc_memattr_id_t attribute_ids[TOPOLOGY_ATTRIBUTES] = {
	[TOPOLOGY_BANDWIDTH] = HWLOC_MEMATTR_ID_BANDWIDTH,
	[TOPOLOGY_READ_BANDWIDTH] = HWLOC_MEMATTR_ID_READ_BANDWIDTH,
	[TOPOLOGY_WRITE_BANDWIDTH] = HWLOC_MEMATTR_ID_WRITE_BANDWIDTH,
	[TOPOLOGY_LATENCY] = HWLOC_MEMATTR_ID_LATENCY,
	[TOPOLOGY_READ_LATENCY] = HWLOC_MEMATTR_ID_READ_LATENCY,
	[TOPOLOGY_WRITE_LATENCY] = HWLOC_MEMATTR_ID_WRITE_LATENCY,
};

/*
 * What the CPUs of the node FROM see, of all targets at once. The initiator is
 * named by that node's CPUs: hwloc finds the values of any initiator whose CPUs
 * include them. Targets that were dropped, and objects that are no nodes, are
 * passed over. hwloc stores no more than COUNT says on entry, and then says how
 * many there are, which may be more. An attribute that hwloc does not have, or
 * the firmware does not report, leaves zeroes.
 */
static void
read_values_from(struct topology *topology, const struct machine *machine,
    enum topology_attribute attribute, unsigned from, hwloc_obj_t *targets,
    hwloc_uint64_t *values)
{
	struct hwloc_location location = {
		.type = HWLOC_LOCATION_TYPE_CPUSET,
		.location = { .cpuset = machine->cpus[from] },
	};
	unsigned most = most_nodes(machine->hwloc);
	unsigned count = most;

	if (hwloc_memattr_get_targets(machine->hwloc, attribute_ids[attribute],
		&location, 0, &count, targets, values) != 0)
		return;
	for (unsigned i = 0; i < count && i < most; i++) {
		unsigned to = targets[i]->type == HWLOC_OBJ_NUMANODE ?
		    topology_index(topology, targets[i]->os_index) :
		    NO_NODE;

		if (to != NO_NODE)
			*topology_value_at(
			    topology, attribute, from, to) = values[i];
	}
}

/* Nodes are compared by the mean of reads and writes, so where there is none it
 * is made of the two, or is the one of them that is known. hwloc does so itself
 * where it finds both in sysfs; an XML file may lack it. The enum has reads and
 * writes right behind their mean. */
static void
fill_mean(struct topology *topology, enum topology_attribute mean,
    unsigned from, unsigned to)
{
	uint64_t *value = topology_value_at(topology, mean, from, to);
	uint64_t read = *topology_value_at(topology, mean + 1, from, to);
	uint64_t write = *topology_value_at(topology, mean + 2, from, to);

	if (*value == 0 && read != 0 && write != 0)
		*value = (read + write) / 2;
	else if (*value == 0)
		*value = read + write;
}

/* Both arrays have room for every node, so that one call gets all targets; they
 * serve all calls. Nodes without CPUs are no initiators. */
static int
read_values(struct topology *topology, const struct machine *machine)
{
	size_t most = most_nodes(machine->hwloc);
	hwloc_obj_t *targets = calloc(most + 1, sizeof(*targets));
	hwloc_uint64_t *values = calloc(most + 1, sizeof(*values));
	unsigned count = topology->node_count;
	bool good = targets != NULL && values != NULL;

	for (unsigned i = 0; good && i < count; i++) {
		if (!topology->nodes[i].has_cpus)
			continue;
		for (int a = 0; a < TOPOLOGY_ATTRIBUTES; a++)
			read_values_from(topology, machine,
			    (enum topology_attribute)a, i, targets, values);
		for (unsigned to = 0; to < count; to++) {
			fill_mean(topology, TOPOLOGY_BANDWIDTH, i, to);
			fill_mean(topology, TOPOLOGY_LATENCY, i, to);
		}
	}
	free(targets);
	free(values);
	return good ? 0 : -1;
}

/* Distances of nodes that were dropped have no place in the record. */
static void
read_distances(struct topology *topology, hwloc_topology_t hwloc)
{
	struct hwloc_distances_s *table = NULL;
	unsigned tables = 1;

	if (hwloc_distances_get_by_name(
		hwloc, "NUMALatency", &tables, &table, 0) != 0 ||
	    tables == 0)
		return;
	for (unsigned i = 0; i < table->nbobjs; i++)
		for (unsigned j = 0; j < table->nbobjs; j++) {
			unsigned from = topology_index(
			    topology, table->objs[i]->os_index);
			unsigned to = topology_index(
			    topology, table->objs[j]->os_index);

			if (from == NO_NODE || to == NO_NODE)
				continue;
			topology
			    ->distances[(size_t)from * topology->node_count +
				to] = (unsigned)
					  table->values[i * table->nbobjs + j];
		}
	hwloc_distances_release(hwloc, table);
}

/*
 * What nearness() has where the firmware gives no distance, in its measure, in
 * which a node is 10 from itself and others are more. hwloc's sets of CPUs tell
 * what is near: memory beside these CPUs, as HBM beside the DRAM of a package,
 * is 15, so farther than their own node and nearer than all else, which is 20.
 * The order matters, the numbers do not.
 */
static unsigned
guess_nearness(const struct machine *machine, unsigned from, unsigned to)
{
	if (from == to)
		return 10;
	return hwloc_bitmap_intersects(
		   machine->cpus[from], machine->objects[to]->cpuset) ?
	    15 :
	    20;
}

static void
fill_nearness(struct topology *topology, const struct machine *machine)
{
	unsigned count = topology->node_count;

	for (unsigned from = 0; from < count; from++)
		for (unsigned to = 0; to < count; to++) {
			size_t at = (size_t)from * count + to;

			topology->nearness[at] = topology->distances[at] != 0 ?
			    topology->distances[at] :
			    guess_nearness(machine, from, to);
		}
	for (unsigned to = 0; to < count; to++) {
		unsigned near = topology_nearest_cpus(topology, to);

		topology->nodes[to].near_node = near != NO_NODE ?
		    (int)topology->nodes[near].id :
		    -1;
	}
}

/* Allocates one element more than needed: calloc(3) may answer NULL for a size
 * of 0, and a topology may have no node that counts. */
static int
fill_tables(struct topology *topology, const struct machine *machine)
{
	size_t count = topology->node_count, square = count * count + 1;

	topology->values = calloc(
	    square, TOPOLOGY_ATTRIBUTES * sizeof(*topology->values));
	topology->distances = calloc(square, sizeof(*topology->distances));
	topology->nearness = calloc(square, sizeof(*topology->nearness));
	topology->measured = calloc(square, sizeof(*topology->measured));
	if (topology->values == NULL || topology->distances == NULL ||
	    topology->nearness == NULL || topology->measured == NULL)
		return -1;
	read_distances(topology, machine->hwloc);
	fill_nearness(topology, machine);
	return read_values(topology, machine);
}

/* In an order that each step needs: which nodes, who may use them, whose CPUs
 * are whose, which nodes stay, what is known between them. Every failure is one
 * of memory. */
static int
read_machine(struct topology *topology, hwloc_topology_t hwloc)
{
	struct machine machine = { .hwloc = hwloc };
	int error = find_nodes(&machine);

	if (error == 0 && topology->live)
		read_allowed(machine.allowed);
	if (error == 0)
		error = topology_read_cpus(&machine, topology->root);
	if (error == 0)
		error = keep_nodes(topology, &machine);
	if (error == 0)
		error = fill_tables(topology, &machine);
	machine_free(&machine);
	return error;
}

/* Takes the mutex, or gives up after PATIENCE seconds. ThreadSanitizer does not
 * see pthread_mutex_clocklock(3) in gcc 12, and takes the unlocking for a
 * fault. */
static int
lock_with_patience(pthread_mutex_t *mutex)
{
	struct timespec end;

#ifdef __SANITIZE_THREAD__
	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += PATIENCE;
	return pthread_mutex_timedlock(mutex, &end);
#else
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += PATIENCE;
	return pthread_mutex_clocklock(mutex, CLOCK_MONOTONIC, &end);
#endif
}

/*
 * hwloc loads its plugins when the first of its topologies in the process
 * begins, and unloads them when the last one ends, with a mutex of its own held
 * over dlopen(3) and dlclose(3). A thread that asks hwloc in a constructor, and
 * so has the dynamic loader's lock, and one that has that mutex would wait for
 * each other. So one topology is begun and never ended: after the first reading
 * nothing is loaded or unloaded any more.
 *
 * Not in a constructor of this library, which would be ahead of that first
 * reading too: there it would ask hwloc with the loader's lock held, and wait
 * as above for a thread of a program that uses hwloc by itself; and each
 * program that is linked with libmemkind would load plugins at its start.
 *
 * The first reading may itself be met by a constructor. So others wait for it
 * in front of hwloc's mutex, where a wait can have an end, and fail then: the
 * constructor can return, and let the first one go on.
 */
static int
keep_plugins(char *why)
{
	static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER;
	static _Atomic(hwloc_topology_t) kept;
	hwloc_topology_t begun;

	if (atomic_load(&kept) != NULL)
		return 0;
	if (lock_with_patience(&first) != 0)
		return topology_fail(why, EAGAIN,
		    "another thread reads the machine for the first time, and "
		    "does not get on: in a constructor it waits for this one");
	if (atomic_load(&kept) == NULL && hwloc_topology_init(&begun) == 0)
		atomic_store(&kept, begun);
	pthread_mutex_unlock(&first);
	return 0;
}

/* hwloc's own topology is freed at the end, whatever happened: all that is kept
 * was copied into the record, whose texts are its own. errno is that of the
 * failure, whatever hwloc does while it frees. */
int
topology_read_hwloc(struct topology *topology, const char *from, char *why)
{
	hwloc_topology_t hwloc;
	int result, error;

	if (!topology_may_ask_hwloc(why) || keep_plugins(why) != 0)
		return -1;
	if (hwloc_topology_init(&hwloc) != 0)
		return topology_fail(why, ENOMEM, "hwloc cannot start");
	result = topology_load_hwloc(topology, hwloc, from, why);
	if (result == 0 && read_machine(topology, hwloc) != 0)
		result = topology_fail(
		    why, ENOMEM, "no memory for the topology");
	error = errno;
	hwloc_topology_destroy(hwloc);
	errno = error;
	return result;
}
