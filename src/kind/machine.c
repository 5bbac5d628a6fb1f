/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * machine.c - what a spec leaves to the machine. See machine.h.
 *
 * Owns the loaded library and one topology. The library stays: its functions
 * may be on the stack of any thread.
 */
#include "kind/machine.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

#include "base/cancel.h"
#include "base/error.h"
#include "os/lock.h"
#include "os/os.h"
#include "topology/topology.h"

#define LIBRARY "libpoolkind-topology.so.0"

static struct lock lock = LOCK_INIT;
static struct topology *topology;

static struct {
	__typeof__(poolkind_topology_open) *open;
	__typeof__(poolkind_topology_close) *close;
	__typeof__(poolkind_topology_nodes) *nodes;
	__typeof__(poolkind_topology_select) *select;
	__typeof__(poolkind_topology_device) *device;
} call;

/* ---- The library --------------------------------------------------------- */

static bool
find(void *library, const char *name, void *function)
{
	void *found = dlsym(library, name);

	memcpy(function, &found, sizeof(found));
	return found != NULL;
}

/* Looks first where this library is: its RUNPATH would do, were dlopen(3) never
 * interposed. A program that has the engine inside has no name here, and its
 * argv[0] is nothing to trust. */
static void *
open_library(void)
{
	char path[PATH_MAX];
	struct link_map *self;
	const char *slash;
	void *library;
	Dl_info info;

	if (dladdr1(&topology, &info, (void **)&self, RTLD_DL_LINKMAP) != 0 &&
	    self->l_name[0] == '/' &&
	    (slash = strrchr(self->l_name, '/')) != NULL &&
	    (size_t)snprintf(path, sizeof(path), "%.*s/" LIBRARY,
		(int)(slash - self->l_name), self->l_name) < sizeof(path) &&
	    (library = dlopen(path, RTLD_NOW | RTLD_LOCAL)) != NULL)
		return library;
	return dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
}

static int
load(void)
{
	void *library = open_library();
	const char *why;

	if (library != NULL &&
	    find(library, "poolkind_topology_close", &call.close) &&
	    find(library, "poolkind_topology_nodes", &call.nodes) &&
	    find(library, "poolkind_topology_select", &call.select) &&
	    find(library, "poolkind_topology_device", &call.device) &&
	    find(library, "poolkind_topology_open", &call.open))
		return 0;
	why = dlerror();
	return error_set(ENOSYS,
	    "kinds by attribute and DAX devices to be found need " LIBRARY
	    ": %s",
	    why != NULL ? why : "it is of another version");
}

/* The topology, read if need be. Under the lock. */
static struct topology *
now(void)
{
	char why[TOPOLOGY_TEXT_MAX];

	if (topology != NULL || (call.open == NULL && load() != 0))
		return topology;
	topology = call.open(NULL, why);
	if (topology == NULL)
		error_set(errno, "%s", why);
	return topology;
}

/* Around all that may read the machine: other libraries do, and open files. */
static int
enter(void)
{
	int before = cancel_off();

	lock_take(&lock);
	return before;
}

static void
leave(int before)
{
	lock_give(&lock);
	cancel_back(before);
}

void
machine_refresh(void)
{
	int before = enter();

	if (topology != NULL)
		call.close(topology);
	topology = NULL;
	leave(before);
}

void
machine_prefork(void)
{
	lock_take(&lock);
}

void
machine_postfork(void)
{
	lock_give(&lock);
}

/* ---- Nodes --------------------------------------------------------------- */

/* Under the lock. */
static int
select_nodes(const struct spec *spec, enum spec_scope scope, unsigned from,
    uint64_t *nodes)
{
	char why[TOPOLOGY_TEXT_MAX];
	struct node_set found;
	int error;

	if (now() == NULL)
		return -1;
	error = call.select(topology, spec->source, scope, from, &found, why);
	if (error != 0)
		return error_set(error, "%s", why);
	memcpy(nodes, found.bits, sizeof(found.bits));
	return 0;
}

int
machine_find_nodes(struct spec *spec)
{
	int before = enter(), result;

	result = select_nodes(spec, SPEC_ALL, os_node(), spec->nodes);
	leave(before);
	return result;
}

/* A node that has nothing of the kind to itself uses what the whole machine
 * has. */
static int
find_places(const struct spec *spec, struct placement *placement)
{
	const struct topology_node *node;
	uint64_t nodes[SPEC_NODES_MAX / 64];
	unsigned count;

	if (now() == NULL)
		return -1;
	count = call.nodes(topology, &node);
	for (unsigned i = 0; i < count; i++) {
		if (!node[i].has_cpus)
			continue;
		if (select_nodes(spec, SPEC_LOCAL, node[i].id, nodes) != 0 &&
		    select_nodes(spec, SPEC_ALL, node[i].id, nodes) != 0)
			return -1;
		placement_enter(placement, node[i].id, nodes);
	}
	return 0;
}

int
machine_find_places(const struct spec *spec, struct placement *placement)
{
	int before = enter(), result;

	memset(placement, 0, sizeof(*placement));
	result = find_places(spec, placement);
	leave(before);
	return result;
}

/* ---- Devices ------------------------------------------------------------- */

static int
find_device(struct spec *spec, unsigned skip)
{
	const struct topology_device *device;
	char why[TOPOLOGY_TEXT_MAX];

	if (now() == NULL)
		return -1;
	device = call.device(topology, (int)os_node(),
	    spec->dax == SPEC_DAX_NODE ? (int)spec->dax_node : -1, skip, why);
	if (device == NULL)
		return error_set(ENODEV, "%s", why);
	if (strlen(device->path) >= sizeof(spec->path))
		return error_set(
		    ENAMETOOLONG, "the path of device %s", device->path);
	strcpy(spec->path, device->path);
	return 0;
}

int
machine_find_device(struct spec *spec, unsigned skip)
{
	int before = enter(), result;

	result = find_device(spec, skip);
	leave(before);
	return result;
}
