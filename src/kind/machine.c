/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * machine.c - what a spec leaves to the machine. See machine.h.
 *
 * Owns the loaded library and one topology. The library is never unloaded: its
 * functions may be on the stack of any thread.
 *
 * One lock, taken before all others of the engine, stands around the topology:
 * what was asked of it is copied out under the lock, and machine_refresh() can
 * free it, as nobody has a pointer to it then.
 *
 * The lock is not held while the library is loaded and the machine is read. For
 * that dladdr1(3), dlopen(3), dlsym(3) and hwloc, which opens its plugins so,
 * take the lock of the dynamic loader, and a constructor, which runs within
 * dlopen(3), has that one already: if it opens a kind by attribute it would
 * wait for us while we wait for it. So a thread waits for another one that
 * reads a moment only, then reads itself, and the topology that is there first
 * is kept. A fork waits for all that read, so that the child finds neither
 * hwloc nor us in the midst of it.
 *
 * In two cases a constructor and a thread that reads here would wait for each
 * other still, and the constructor therefore gives up after some seconds. It
 * forks: then the child, which may find hwloc and the loader in the midst of
 * something, reads nothing. Or it reads, too, while hwloc opens its plugins for
 * the other thread, at the first reading of the process: then it is told so
 * (topology/read_hwloc.c).
 *
 * Nor is it held while bandwidths are measured, for weights=auto: the thread
 * that does so takes the topology away, and puts it back with what it found.
 * Who needs one meanwhile reads the machine, as if there were none yet.
 *
 * malloc is called meanwhile, by the libraries that read the machine. That is
 * right as long as nothing on malloc's way opens a kind by attribute: facades
 * that stand in malloc's place find nodes by themselves (memkind/nodes.h), or
 * refuse such specs (vmmalloc/machine.c).
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
static unsigned refreshed; /* how often the topology was forgotten */
static _Atomic uint32_t readers;
static bool torn; /* a thread that the child of a fork lacks was reading */

static struct calls {
	__typeof__(poolkind_topology_open) *open;
	__typeof__(poolkind_topology_close) *close;
	__typeof__(poolkind_topology_nodes) *nodes;
	__typeof__(poolkind_topology_best) *best;
	__typeof__(poolkind_topology_select) *select;
	__typeof__(poolkind_topology_weights) *weights;
	__typeof__(poolkind_topology_measure) *measure;
	__typeof__(poolkind_topology_device) *device;
} call;

/* ---- The library --------------------------------------------------------- */

/* Stores the address of a function in FUNCTION, a pointer to one: by memcpy, as
 * C has no conversion from void * to it. */
static bool
find(void *library, const char *name, void *function)
{
	void *found = dlsym(library, name);

	memcpy(function, &found, sizeof(found));
	return found != NULL;
}

/*
 * Opens the topology library, first in the directory that this library is in,
 * so that the two are of one release. glibc's dlopen(3) would look into the
 * RUNPATH of the library that calls it; but where another library interposes
 * dlopen(3), that one is the caller. For a program that has the engine linked
 * in the loader has no name (l_name is ""), and argv[0] can be whatever its
 * parent chose: then the loader's usual search has to do.
 */
static void *
open_library(void)
{
#ifdef RTLD_DL_LINKMAP /* glibc */
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
#endif
	return dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
}

/* WHY is the loader's sentence, or NULL. One about the library begins with its
 * name, and what to do about it is known; one about another file is left. */
static int
cannot_load(const char *why)
{
	const size_t length = strlen(LIBRARY ": ");
	bool is_missing = why != NULL &&
	    strncmp(why, LIBRARY ": ", length) == 0;

	if (why == NULL)
		why = "it is of another version";
	return error_set(ENOSYS,
	    "kinds by attribute, DAX devices to be found and the nodes of the "
	    "machine need " LIBRARY ": %s%s",
	    is_missing ? why + length : why,
	    is_missing ? "; put it beside libpoolkind, or its folder into "
			 "LD_LIBRARY_PATH" :
			 "");
}

/* poolkind_topology_open comes last: whether the library is there is told by
 * that one, which is set only when everything else was found. A failure is not
 * remembered: the library may be installed by the next time. */
static int
load(struct calls *calls)
{
	void *library = open_library();

	if (library != NULL &&
	    find(library, "poolkind_topology_close", &calls->close) &&
	    find(library, "poolkind_topology_nodes", &calls->nodes) &&
	    find(library, "poolkind_topology_best", &calls->best) &&
	    find(library, "poolkind_topology_select", &calls->select) &&
	    find(library, "poolkind_topology_weights", &calls->weights) &&
	    find(library, "poolkind_topology_measure", &calls->measure) &&
	    find(library, "poolkind_topology_device", &calls->device) &&
	    find(library, "poolkind_topology_open", &calls->open))
		return 0;
	return cannot_load(dlerror());
}

/* Reads the machine; loads the library into *CALLS, unless it is there. NULL
 * with errno and a sentence, and the next call tries again. Without the lock.
 */
static struct topology *
read_machine(struct calls *calls)
{
	char why[TOPOLOGY_TEXT_MAX];
	struct topology *read;

	if (torn) {
		error_set(EAGAIN,
		    "the machine is not read in the child of a fork during "
		    "which another thread read it: have it read before");
		return NULL;
	}
	if (calls->open == NULL && load(calls) != 0)
		return NULL;
	read = calls->open(NULL, why);
	if (read == NULL)
		error_set(errno, "%s", why);
	return read;
}

/*
 * The topology, read if need be, and then kept: hwloc opens a good part of
 * sysfs for it. Under the lock, which is given up meanwhile, so what was true
 * before the call need not be true after it; a topology that is there is
 * returned with the lock held all the time. Each reader fills functions of its
 * own in and stores them under the lock: all readers find the same ones.
 */
static struct topology *
now(void)
{
	struct calls calls = call;
	struct topology *read;

	if (topology == NULL)
		lock_wait_for_others(&lock, &readers);
	while (topology == NULL) {
		unsigned before = refreshed;

		lock_step_out(&lock, &readers);
		read = read_machine(&calls);
		lock_step_in(&lock, &readers);
		if (read == NULL)
			break;
		call = calls;
		if (topology == NULL && refreshed == before)
			topology = read;
		else
			call.close(read);
	}
	return topology;
}

/* Around all that may read the machine. Other libraries do that, and open
 * files, where a thread may be cancelled: it would leave the lock held
 * (cancel.h). */
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

	if (topology != NULL && !torn) {
		call.close(topology);
		topology = NULL;
	}
	refreshed++;
	leave(before);
}

/* With the lock in hand nobody begins to read. Those who do read need it to
 * come to an end, so it is given up while they are waited for. */
void
machine_prefork(void)
{
	lock_take_with_all_in(&lock, &readers);
}

void
machine_postfork(void)
{
	lock_give(&lock);
}

void
machine_postfork_child(void)
{
	torn |= lock_lose_outside(&readers);
	lock_give(&lock);
}

/* ---- Nodes --------------------------------------------------------------- */

/* Asks the topology and copies its answer, or its sentence; the nodes of a list
 * are its own. Under the lock. */
static int
select_nodes(const struct spec *spec, enum spec_scope scope, unsigned from,
    uint64_t *nodes)
{
	char why[TOPOLOGY_TEXT_MAX];
	struct node_set found;
	int error;

	if (now() == NULL)
		return -1;
	memcpy(found.bits, spec->nodes, sizeof(found.bits));
	error = spec_is_by_attribute(spec) ?
	    call.select(
		topology, spec->source, spec->tier, scope, from, &found, why) :
	    0;
	if (error != 0)
		return error_set(error, "%s", why);
	memcpy(nodes, found.bits, sizeof(found.bits));
	return 0;
}

/* The weights of NODES, if the spec has the machine say them. MEASURE, and no
 * sentence, where the topology has noted what is to be measured. */
#define MEASURE 1

static int
weigh(const struct spec *spec, enum spec_scope scope, unsigned from,
    const uint64_t *nodes, uint8_t *weights)
{
	char why[TOPOLOGY_TEXT_MAX];
	struct node_set set;
	int error;

	memset(weights, 0, SPEC_WEIGHTS_MAX);
	if (!spec->weights_auto)
		return 0;
	memcpy(set.bits, nodes, sizeof(set.bits));
	error = call.weights(topology, &set, scope, from, weights, why);
	if (error == EAGAIN)
		return MEASURE;
	return error == 0 ? 0 : error_set(error, "%s", why);
}

/* A part of the memory that can be taken: others want some meanwhile, and what
 * the processors have in their caches is to be little of it. */
static size_t
bytes_to_measure(void)
{
	const size_t most = GIB, part = 16;
	struct os_memory_room room;

	return os_memory_room(part * most, &room) == 0 ?
	    min_size(room.bytes / part, most) :
	    most / part;
}

/* Whoever reads another topology meanwhile leaves it to this one, unless the
 * machine was to be read anew. */
static void
measure(void)
{
	struct topology *mine = topology, *other;
	unsigned before = refreshed;
	struct calls calls = call;

	topology = NULL;
	lock_step_out(&lock, &readers);
	calls.measure(mine, bytes_to_measure(), NULL);
	lock_step_in(&lock, &readers);
	other = mine;
	if (refreshed == before) {
		other = topology;
		topology = mine;
	}
	if (other != NULL)
		call.close(other);
}

static int
find_nodes(struct spec *spec)
{
	if (select_nodes(spec, SPEC_ALL, os_node(), spec->nodes) != 0)
		return -1;
	return weigh(spec, SPEC_ALL, 0, spec->nodes, spec->weights);
}

int
machine_find_nodes(struct spec *spec)
{
	int before = enter(), result;

	while ((result = find_nodes(spec)) == MEASURE)
		measure();
	leave(before);
	return result;
}

/*
 * Asks once for every node with CPUs, as if a thread ran there, and enters the
 * answers: equal ones make one locality. All nodes are asked now, since a
 * thread that moves later must find its locality without a look at the
 * topology. From a node for which the topology has no answer, as where the
 * firmware reports no values from there, its threads use what is best for the
 * whole machine. Fails where there is no such node either. What is to be
 * measured is noted for all of them before the first is.
 */
static int
find_locality(
    const struct spec *spec, unsigned from, struct localities *localities)
{
	uint64_t nodes[SPEC_NODES_MAX / 64];
	uint8_t weights[SPEC_WEIGHTS_MAX];
	int result;

	if (select_nodes(spec, SPEC_LOCAL, from, nodes) != 0 &&
	    select_nodes(spec, SPEC_ALL, from, nodes) != 0)
		return -1;
	result = weigh(spec, SPEC_LOCAL, from, nodes, weights);
	if (result != 0)
		return result;
	if (!spec->weights_auto)
		localities_enter(localities, from, nodes);
	else if (!localities_enter_weighted(localities, from, nodes, weights))
		return error_set(ENODEV,
		    "weights=auto: the weights differ for more than %d nodes "
		    "with processors: write scope=all",
		    LOCALITIES_MAX);
	return 0;
}

static int
find_localities(const struct spec *spec, struct localities *localities)
{
	const struct topology_node *node;
	int result = 0, here;
	unsigned count;

	memset(localities, 0, sizeof(*localities));
	if (now() == NULL)
		return -1;
	count = call.nodes(topology, &node);
	for (unsigned i = 0; i < count && result >= 0; i++) {
		if (!node[i].has_cpus)
			continue;
		here = find_locality(spec, node[i].id, localities);
		result = here != 0 ? here : result;
	}
	return result == 0 && localities->count == 0 ?
	    error_set(ENODEV, "no node with processors is known") :
	    result;
}

int
machine_find_localities(const struct spec *spec, struct localities *localities)
{
	int before = enter(), result;

	while ((result = find_localities(spec, localities)) == MEASURE)
		measure();
	leave(before);
	return result;
}

int
machine_each_node(void (*visit)(void *to, const struct topology_node *node,
		      uint64_t bandwidth, uint64_t latency),
    void *to)
{
	const struct topology_node *node;
	int before = enter();
	bool good = now() != NULL;
	unsigned count = good ? call.nodes(topology, &node) : 0;

	for (unsigned i = 0; i < count; i++)
		visit(to, &node[i],
		    call.best(topology, TOPOLOGY_BANDWIDTH, node[i].id),
		    call.best(topology, TOPOLOGY_LATENCY, node[i].id));
	leave(before);
	return good ? 0 : -1;
}

/* ---- Devices ------------------------------------------------------------- */

/* SKIP counts into the order of the topology, which is the same at each call as
 * long as the topology is. */
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
