/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * topology_library.c - the functions of topology/topology.h, as the program
 * calls them: they open libpoolkind-topology when the machine is first read.
 *
 * That library brings hwloc, libnuma, libdaxctl and what these need, eleven
 * files, which take more time to load than all else that `poolkind run` does
 * before the program starts: 1.9 ms of 4.4. Most kinds need no look at the
 * machine, so it is not linked.
 *
 * Owns the library, once it is open. A process of one thread; no locks. Opening
 * a topology fails where the library cannot be opened, with a sentence; nobody
 * has a topology then, so nothing else is called.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "topology/topology.h"
#include "tool/beside.h"

#define LIBRARY "libpoolkind-topology.so.0"

static struct {
	__typeof__(poolkind_topology_open) *open;
	__typeof__(poolkind_topology_close) *close;
	__typeof__(poolkind_topology_nodes) *nodes;
	__typeof__(poolkind_topology_devices) *devices;
	__typeof__(poolkind_topology_mounts) *mounts;
	__typeof__(poolkind_topology_best) *best;
	__typeof__(poolkind_topology_distance) *distance;
	__typeof__(poolkind_topology_free) *free;
	__typeof__(poolkind_topology_select) *select;
} call;

/* ---- The library --------------------------------------------------------- */

static void *
open_library(void)
{
	char path[PATH_MAX], folder[PATH_MAX];

	/* Else where the loader looks. */
	return dlopen(
	    find_beside(LIBRARY, path, folder) ? path : LIBRARY, RTLD_NOW);
}

/* Stores the address of a function in FUNCTION, a pointer to one: by memcpy, as
 * C has no conversion from void * to it. */
static bool
find(void *library, const char *name, void *function)
{
	void *found = dlsym(library, name);

	memcpy(function, &found, sizeof(found));
	return found != NULL;
}

/* poolkind_topology_open comes last: it says that all are there. */
static bool
load(void)
{
	void *library = open_library();

	return library != NULL &&
	    find(library, "poolkind_topology_close", &call.close) &&
	    find(library, "poolkind_topology_nodes", &call.nodes) &&
	    find(library, "poolkind_topology_devices", &call.devices) &&
	    find(library, "poolkind_topology_mounts", &call.mounts) &&
	    find(library, "poolkind_topology_best", &call.best) &&
	    find(library, "poolkind_topology_distance", &call.distance) &&
	    find(library, "poolkind_topology_free", &call.free) &&
	    find(library, "poolkind_topology_select", &call.select) &&
	    find(library, "poolkind_topology_open", &call.open);
}

/* ---- Its functions ------------------------------------------------------- */

struct topology *
poolkind_topology_open(const char *from, char *why)
{
	if (call.open != NULL || load())
		return call.open(from, why);
	snprintf(why, TOPOLOGY_TEXT_MAX, "the machine cannot be read: %s",
	    dlerror());
	errno = ENOSYS;
	return NULL;
}

void
poolkind_topology_close(struct topology *topology)
{
	call.close(topology);
}

unsigned
poolkind_topology_nodes(
    const struct topology *topology, const struct topology_node **nodes)
{
	return call.nodes(topology, nodes);
}

unsigned
poolkind_topology_devices(
    const struct topology *topology, const struct topology_device **devices)
{
	return call.devices(topology, devices);
}

unsigned
poolkind_topology_mounts(
    const struct topology *topology, const struct topology_mount **mounts)
{
	return call.mounts(topology, mounts);
}

uint64_t
poolkind_topology_best(const struct topology *topology,
    enum topology_attribute attribute, unsigned node)
{
	return call.best(topology, attribute, node);
}

unsigned
poolkind_topology_distance(
    const struct topology *topology, unsigned from, unsigned to)
{
	return call.distance(topology, from, to);
}

uint64_t
poolkind_topology_free(const struct topology *topology, unsigned node)
{
	return call.free(topology, node);
}

int
poolkind_topology_select(const struct topology *topology,
    enum spec_source source, unsigned tier, enum spec_scope scope,
    unsigned initiator, struct node_set *nodes, char *why)
{
	return call.select(
	    topology, source, tier, scope, initiator, nodes, why);
}
