/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nodes.c - see nodes.h.
 *
 * The rules are those of the topology, but for nodes that a variable names, and
 * for the threshold that another one sets for high-bandwidth memory. What is
 * local is found for each node with CPUs: a kind of scope local follows its
 * threads. A node from which nothing of the family is known has what the whole
 * machine has. There memkind would have no such kind at all: a machine with
 * high-bandwidth memory at one of its sockets had none.
 *
 * The topology is read once, at the first question, and kept for the life of
 * the process. If it cannot be read, the next question tries again. The
 * variables are read at each question, since programs set them for themselves.
 *
 * Why the thread that reads must be known: reading goes through hwloc, libnuma
 * and libdaxctl, which call malloc; under libautohbw and libmemtier that comes
 * back to memkind, for a kind that may need the topology. Asking for it would
 * read it once more, and so on. So a word of the thread's own (`reading`) is up
 * meanwhile, and whoever would ask serves the thread from MEMKIND_DEFAULT
 * instead, which needs no nodes.
 */
#include "memkind/nodes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cut.h"
#include "base/environment.h"
#include "base/error.h"
#include "memkind.h"
#include "memkind/lock.h"
#include "memkind/settings.h"
#include "os/os.h"
#include "topology/topology.h"

#define HUGE_PAGES "/sys/kernel/mm/hugepages/hugepages-2048kB/"

static struct lock lock = LOCK_INIT;
static struct topology *topology;
static _Atomic uint32_t readers;
static bool torn; /* as in kind/machine.c */
static _Thread_local bool reading __attribute__((tls_model("initial-exec")));

void
nodes_hold(void)
{
	lock_take_with_all_in(&lock, &readers);
}

void
nodes_release(void)
{
	lock_give(&lock);
}

void
nodes_release_in_child(void)
{
	torn |= lock_lose_outside(&readers);
	lock_give(&lock);
}

bool
nodes_are_being_read(void)
{
	return reading;
}

/*
 * Whether there is a topology to ask; reads it if that was not done. Under the
 * lock, which is given up meanwhile: reading may wait for the dynamic loader,
 * as hwloc loads its plugins, and a thread that has the loader may call malloc,
 * and so open a kind, which waits for this lock. So a thread waits for another
 * one that reads a moment only, then reads itself, and the topology that is
 * there first is kept. Who asks in a fork handler has the locks, and keeps
 * them.
 */
static bool
read_topology(void)
{
	char why[TOPOLOGY_TEXT_MAX];
	struct topology *read;

	if (topology == NULL && !memkind_forks)
		lock_wait_for_others(&lock, &readers);
	if (topology != NULL || torn)
		return topology != NULL;
	reading = true;
	if (!memkind_forks)
		lock_step_out(&lock, &readers);
	read = poolkind_topology_open(NULL, why);
	if (!memkind_forks)
		lock_step_in(&lock, &readers);
	reading = false;
	if (read == NULL)
		memkind_inform("the topology cannot be read: %s", why);
	else if (topology == NULL)
		topology = read;
	else
		poolkind_topology_close(read);
	return topology != NULL;
}

/* ---- Sets ---------------------------------------------------------------- */

static bool
is_empty(const struct node_set *set)
{
	return bits_count(set->bits, 0, SPEC_NODES_MAX) == 0;
}

/* The nodes with CPUs and memory, or all with memory. */
static struct node_set
nodes_with_memory(bool with_cpus)
{
	const struct topology_node *node;
	unsigned count = poolkind_topology_nodes(topology, &node);
	struct node_set set = { { 0 } };

	for (unsigned i = 0; i < count; i++)
		if (node[i].capacity != 0 && (node[i].has_cpus || !with_cpus))
			bits_fill(set.bits, node[i].id, node[i].id + 1, true);
	return set;
}

/*
 * The nodes that a variable names: "0-3,5" or "all". The parser of specs reads
 * the list, with its rules for ranges; since it would take options behind the
 * nodes as well, a text with any other character is refused first. A node that
 * is not there, or not for this process, is an error and not left out: who
 * misspells a node is not to get memory on fewer.
 */
static int
named_nodes(const char *name, const char *text, struct node_set *set)
{
	struct node_set all = nodes_with_memory(false);
	char list[256];
	struct spec spec;

	if (strcmp(text, "all") == 0) {
		*set = all;
		return 0;
	}
	snprintf(list, sizeof(list), "nodes:%s", text);
	if (text[strspn(text, "0123456789,-")] != '\0') {
		memkind_warn("%s=%s is not a list of nodes: write 0-3,5 or "
			     "all",
		    name, cut(text, 64).text);
		return MEMKIND_ERROR_ENVIRON;
	}
	if (strlen(text) >= sizeof(list) - sizeof("nodes:") ||
	    spec_parse(list, &spec) != 0) {
		memkind_warn("%s=%s is not a list of nodes: %s", name,
		    cut(text, 64).text, error_text());
		return MEMKIND_ERROR_ENVIRON;
	}
	for (size_t i = 0; i < ARRAY_SIZE(set->bits); i++) {
		set->bits[i] = spec.nodes[i];
		if (spec.nodes[i] & ~all.bits[i]) {
			memkind_warn("%s=%s names a node that is not there, "
				     "has no memory or is forbidden",
			    name, cut(text, 64).text);
			return MEMKIND_ERROR_ENVIRON;
		}
	}
	return 0;
}

/* The nodes that reach MEMKIND_HBW_THRESHOLD, in MB/s, as seen from any node.
 * Firmware mostly reports the bandwidth of a node as seen from its own CPUs
 * alone, so the best of what is known is what counts. */
static struct node_set
nodes_from(uint64_t threshold)
{
	struct node_set set = nodes_with_memory(false);
	const struct topology_node *node;
	unsigned count = poolkind_topology_nodes(topology, &node);

	for (unsigned i = 0; i < count; i++) {
		bool enough = false;
		uint64_t value;

		for (unsigned from = 0; from < count; from++)
			enough |= poolkind_topology_value(topology,
				      TOPOLOGY_BANDWIDTH, node[from].id,
				      node[i].id, &value) &&
			    value >= threshold;
		if (!enough)
			bits_fill(set.bits, node[i].id, node[i].id + 1, false);
	}
	return set;
}

/*
 * What the environment has to say of the family: 0 and a set, empty where it
 * says nothing and the topology decides. A list of nodes is believed without a
 * look at what they are, and comes before the threshold, as memkind has it: the
 * list is how machines without an HMAT, and tests on any machine, have
 * high-bandwidth memory.
 */
static int
given_nodes(enum family family, struct node_set *set)
{
	const char *name = family == FAMILY_HBW ? "MEMKIND_HBW_NODES" :
						  "MEMKIND_DAX_KMEM_NODES";
	const char *text = variable(name);
	uint64_t threshold = 0;

	memset(set, 0, sizeof(*set));
	if (family != FAMILY_HBW && family != FAMILY_KMEM)
		return 0;
	if (text != NULL)
		return named_nodes(name, text, set);
	if (family == FAMILY_KMEM)
		return 0;
	if (!settings_hbw_threshold(&threshold))
		return MEMKIND_ERROR_ENVIRON;
	if (threshold == 0)
		return 0;
	*set = nodes_from(threshold);
	return is_empty(set) ? MEMKIND_ERROR_MEMTYPE_NOT_AVAILABLE : 0;
}

/* ---- Places -------------------------------------------------------------- */

/* Asks the topology for one of the families that are found by attribute; WHY
 * gets the sentence of what decided, for MEMKIND_DEBUG=1. */
static int
select_by_attribute(enum family family, enum spec_scope scope, unsigned from,
    struct node_set *set, char *why)
{
	static const enum spec_source attributes[] = {
		[FAMILY_HBW] = SPEC_HBW,
		[FAMILY_KMEM] = SPEC_DAX_KMEM,
		[FAMILY_CAPACITY] = SPEC_CAPACITY,
		[FAMILY_LATENCY] = SPEC_LATENCY,
		[FAMILY_BANDWIDTH] = SPEC_BANDWIDTH,
	};

	return poolkind_topology_select(
	    topology, attributes[family], 0, scope, from, set, why);
}

/* The printer of specs writes the set; what follows its colon is the list. */
static struct cut_text
list_of(const struct node_set *set)
{
	struct spec spec = { .source = SPEC_NODES };
	char text[SPEC_TEXT_MAX];

	memcpy(spec.nodes, set->bits, sizeof(spec.nodes));
	spec_print(&spec, text, sizeof(text));
	return cut(strchr(text, ':') + 1, 60);
}

static void
inform_of_given(const char *name, enum spec_scope scope, unsigned from,
    const struct node_set *given, const struct node_set *set)
{
	if (scope == SPEC_LOCAL)
		memkind_inform("%s: nearest to node %u of the given nodes %s: "
			       "%s",
		    name, from, list_of(given).text, list_of(set).text);
	else
		memkind_inform(
		    "%s: the given nodes %s", name, list_of(given).text);
}

/*
 * The nodes for threads on FROM, out of those GIVEN if there are such. Of given
 * nodes the nearest serve; else the topology chooses, in scope local by what it
 * knows from FROM, and where that is nothing by what it knows of the whole
 * machine.
 *
 * That there is none is MEMKIND_ERROR_UNAVAILABLE for memory from DAX devices,
 * and MEMKIND_ERROR_MEMTYPE_NOT_AVAILABLE for the rest: programs compare these.
 */
static int
find_nodes(const char *name, enum family family, enum spec_scope scope,
    unsigned from, const struct node_set *given, struct node_set *set)
{
	char why[TOPOLOGY_TEXT_MAX];
	int error = 0;

	*set = *given;
	if (!is_empty(given)) {
		if (scope == SPEC_LOCAL)
			poolkind_topology_nearest(topology, from, set);
		inform_of_given(name, scope, from, given, set);
		return 0;
	}
	error = select_by_attribute(family, scope, from, set, why);
	if (error != 0 && scope == SPEC_LOCAL) {
		memkind_inform("%s: %s", name, why);
		error = select_by_attribute(family, SPEC_ALL, from, set, why);
	}
	memkind_inform("%s: %s", name, why);
	if (error == 0)
		return 0;
	return family == FAMILY_KMEM ? MEMKIND_ERROR_UNAVAILABLE :
				       MEMKIND_ERROR_MEMTYPE_NOT_AVAILABLE;
}

/*
 * One set of nodes for each node with CPUs, equal ones entered once. In scope
 * all the first answer holds for every node: there is one set then, with the
 * number 0, which is what the table says of all nodes from the start.
 */
static int
localities_each(const char *name, enum family family, enum spec_scope scope,
    const struct node_set *given, struct localities *localities)
{
	const struct topology_node *node;
	unsigned count = poolkind_topology_nodes(topology, &node);
	struct node_set set;
	int error = 0;

	for (unsigned i = 0; i < count && error == 0; i++) {
		if (!node[i].has_cpus)
			continue;
		error = find_nodes(
		    name, family, scope, node[i].id, given, &set);
		if (error == 0)
			localities_enter(localities, node[i].id, set.bits);
		if (scope == SPEC_ALL)
			break;
	}
	return error;
}

/*
 * Under the lock. The families that go by no attribute are given sets: the
 * nodes with CPUs, for MEMKIND_REGULAR, or all nodes. On a machine where no
 * node with CPUs has memory, REGULAR is any memory, since that kind is promised
 * to be there always. A topology that cannot be read is the error that memkind
 * has where it was built without hwloc or libdaxctl, and so cannot look either.
 */
static int
place(const char *name, enum family family, enum spec_scope scope,
    struct localities *localities)
{
	struct node_set given;
	int error;

	if (!read_topology())
		return MEMKIND_ERROR_OPERATION_FAILED;
	error = given_nodes(family, &given);
	if (family == FAMILY_CPUS)
		given = nodes_with_memory(true);
	if (family == FAMILY_ALL || (family == FAMILY_CPUS && is_empty(&given)))
		given = nodes_with_memory(false);
	return error != 0 ?
	    error :
	    localities_each(name, family, scope, &given, localities);
}

int
nodes_localities(const char *name, enum family family, enum spec_scope scope,
    struct localities *localities)
{
	int saved = errno, error;

	memset(localities, 0, sizeof(*localities));
	memkind_lock(&lock);
	error = place(name, family, scope, localities);
	memkind_unlock(&lock);
	errno = saved;
	return error;
}

/* ---- What the nodes have ------------------------------------------------- */

uint64_t
nodes_capacity(const uint64_t *nodes)
{
	const struct topology_node *node;
	uint64_t bytes = 0;
	unsigned count = 0;

	memkind_lock(&lock);
	if (read_topology())
		count = poolkind_topology_nodes(topology, &node);
	for (unsigned i = 0; i < count; i++)
		if (bits_test(nodes, node[i].id))
			bytes += node[i].capacity;
	memkind_unlock(&lock);
	return bytes;
}

/* 0 for a file that is not there: then there are no pages of that size. */
static uint64_t
read_number(const char *path)
{
	int saved = errno;
	uint64_t number = 0;
	char text[32];

	if (os_read_text(path, text, sizeof(text)) == 0)
		number = strtoull(text, NULL, 10);
	errno = saved;
	return number;
}

uint64_t
nodes_huge_pages(void)
{
	return read_number(HUGE_PAGES "nr_hugepages") +
	    read_number(HUGE_PAGES "nr_overcommit_hugepages");
}

/* Pages that the administrator has set aside are counted by node. Those that
 * the kernel may make when they are wanted (overcommit) have one bound for the
 * whole machine and can come from any node, so where they are allowed the nodes
 * need not be looked at. Read each time, as the numbers can be changed at any
 * time. */
bool
nodes_have_huge_pages(const uint64_t *nodes)
{
	char path[128];

	if (nodes == NULL ||
	    read_number(HUGE_PAGES "nr_overcommit_hugepages") != 0)
		return nodes_huge_pages() != 0;
	for (unsigned i = 0; i < SPEC_NODES_MAX; i++) {
		snprintf(path, sizeof(path),
		    "/sys/devices/system/node/node%u/hugepages/"
		    "hugepages-2048kB/nr_hugepages",
		    i);
		if (bits_test(nodes, i) && read_number(path) != 0)
			return true;
	}
	return false;
}
