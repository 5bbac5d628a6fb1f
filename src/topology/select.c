/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * select.c - the nodes that a memory attribute names, and why these.
 *
 * Owns nothing: works on the record alone, so any number of threads may ask at
 * once. Called by the engine and the tool. Fails with ENODEV where no node is
 * what is asked for; the sentence says then what is missing.
 *
 * Each search starts with the nodes that could be it and narrows them down by
 * one score after another, each the lower the better. What is left after the
 * last is the answer: one node, or several that are equal in all of them.
 *
 *              starts with              then, seen from one node (local)
 *   bandwidth  nodes with a value       highest value, nearest, smallest
 *   latency    nodes with a value       lowest value, nearest, smallest
 *   capacity   memory near to it        largest, nearest
 *   hbw        by kind or by threshold  nearest, highest value
 *   dax-kmem   onlined from a device    nearest
 *   cxl        CXL memory               nearest
 *   tier       of that tier             nearest
 *
 * Scope all looks from ANYWHERE: a value is then the best that any initiator
 * has, nothing is nearer than anything else, and equals stay together, since a
 * kind for the whole machine is to use all of them. In scope local a thread
 * wants one node, so ties are broken.
 *
 * The initiator is a node with CPUs: HMAT tells what memory is like as seen
 * from processors. Each function here adds to the sentence WHY as it goes, so
 * that `poolkind rank` can print how an answer came about.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "topology/query.h"

#define HBW_AT_MIN 200000 /* MB/s */

/* ---- Attributes ---------------------------------------------------------- */

/* The nodes with memory of which ATTRIBUTE is known, from where the query
 * looks. A node without a value is not compared with others: to take it for bad
 * or good would be a guess. */
static struct node_set
known(const struct query *q, enum topology_attribute attribute)
{
	struct node_set set = query_memory(q);

	for (unsigned i = 0; i < q->topology->node_count; i++)
		if (query_value(q->topology, attribute, q->from, i) == 0)
			set_put(q, &set, i, false);
	return set;
}

/* Says that no value is known: on the whole machine, which then has firmware
 * without an HMAT, or just from here. The second is common: much firmware tells
 * what a node's own memory is like and nothing of the others'. */
static int
unknown(
    const struct query *q, enum topology_attribute attribute, const char *word)
{
	struct query anywhere = { q->topology, ANYWHERE, NULL, q->why, 0 };
	struct node_set elsewhere = known(&anywhere, attribute);
	struct node_set all = query_memory(q);

	if (set_count(&elsewhere) == 0)
		query_say(q,
		    "no node has a known %s: the firmware has no HMAT "
		    "(nodes: %s)",
		    word, set_list(&all).text);
	else
		query_say(q,
		    "no %s is known from node %u; from other nodes it is known "
		    "of %s",
		    word, q->topology->nodes[q->from].id,
		    set_nodes(&elsewhere).text);
	return ENODEV;
}

/* By bandwidth or latency: the best value, then the nearest, then the smaller,
 * as of equals the one of which there is little is more likely to be the fast
 * memory. The sentence names what decided, and how many were equal before. */
static int
best_value(const struct query *q, enum topology_attribute attribute)
{
	bool bandwidth = attribute == TOPOLOGY_BANDWIDTH;
	struct node_set looked_at = known(q, attribute), best = looked_at;
	const char *decided = "";
	size_t equals;
	unsigned one;

	if (set_count(&best) == 0)
		return unknown(
		    q, attribute, bandwidth ? "bandwidth" : "latency");
	query_keep(q, &best, bandwidth ? by_bandwidth : by_latency);
	equals = set_count(&best);
	if (q->from != ANYWHERE && query_keep(q, &best, by_distance))
		decided = ", the nearest";
	if (q->from != ANYWHERE && query_keep(q, &best, by_size))
		decided = ", the nearest and smallest";
	one = topology_index(q->topology,
	    (unsigned)bits_find(best.bits, 0, SPEC_NODES_MAX, true));
	query_say(q, "%s %s: %llu %s of %s",
	    bandwidth ? "highest bandwidth" : "lowest latency",
	    query_viewpoint(q).text,
	    (unsigned long long)query_value(
		q->topology, attribute, q->from, one),
	    bandwidth ? "MB/s" : "ns", set_nodes(&best).text);
	if (decided[0] != '\0')
		query_say(q, "%s of %zu equals", decided, equals);
	query_say(q, " (known: %s)", set_nodes(&looked_at).text);
	*q->nodes = best;
	return 0;
}

static int
highest_bandwidth(const struct query *q)
{
	return best_value(q, TOPOLOGY_BANDWIDTH);
}

static int
lowest_latency(const struct query *q)
{
	return best_value(q, TOPOLOGY_LATENCY);
}

/*
 * The memory near to FROM: nodes to which no other node with CPUs is nearer.
 * This is what scope=local means for capacity: the largest node of the whole
 * machine would be the same for all threads, and far from most of them. Of a
 * node to which two are equally near both may take. Where nothing is left, as
 * on a node without memory of its own whose neighbours are nearer to all there
 * is, the nearest nodes are taken.
 */
static struct node_set
near_memory(const struct query *q)
{
	struct node_set all = query_memory(q), set = all;

	if (q->from == ANYWHERE)
		return all;
	for (unsigned i = 0; i < q->topology->node_count; i++) {
		unsigned nearest = topology_nearest_cpus(q->topology, i);

		if (set_has(q, &set, i) &&
		    topology_nearness(q->topology, nearest, i) <
			topology_nearness(q->topology, q->from, i))
			set_put(q, &set, i, false);
	}
	if (set_count(&set) == 0) {
		set = all;
		query_keep(q, &set, by_distance);
	}
	return set;
}

static int
largest(const struct query *q)
{
	struct node_set looked_at = near_memory(q), best = looked_at;
	const char *decided = "";
	unsigned one;

	if (set_count(&best) == 0) {
		query_say(q, "no node has memory");
		return ENODEV;
	}
	query_keep(q, &best, by_capacity);
	if (query_keep(q, &best, by_distance))
		decided = ", the nearest of equals";
	one = topology_index(q->topology,
	    (unsigned)bits_find(best.bits, 0, SPEC_NODES_MAX, true));
	query_say(q, "largest capacity %s: %llu MiB of %s%s (looked at: %s)",
	    query_viewpoint(q).text,
	    (unsigned long long)(q->topology->nodes[one].capacity / MIB),
	    set_nodes(&best).text, decided, set_nodes(&looked_at).text);
	*q->nodes = best;
	return 0;
}

/* Of the nodes in SET, which WHAT names, the nearest, and the sentence. */
static int
nearest_of(const struct query *q, const struct node_set *set, const char *what)
{
	struct node_set best = *set;
	bool narrowed = query_keep(q, &best, by_distance);

	query_say(q, "%s %s: %s", what, query_viewpoint(q).text,
	    set_nodes(&best).text);
	if (narrowed)
		query_say(q, ", the nearest of %s", set_nodes(set).text);
	*q->nodes = best;
	return 0;
}

static bool
is_from_dax(const struct topology_node *node)
{
	return node->from_dax;
}

static bool
is_cxl(const struct topology_node *node)
{
	return node->is_cxl;
}

/* Memory of one sort, which the readers marked: WHAT, and WHY there is none.
 * Seen from anywhere, all of it. */
static int
of_sort(const struct query *q, bool (*is_it)(const struct topology_node *node),
    const char *what, const char *why)
{
	struct node_set all = query_memory(q), set = all;

	for (unsigned i = 0; i < q->topology->node_count; i++)
		if (!is_it(&q->topology->nodes[i]))
			set_put(q, &set, i, false);
	if (set_count(&set) != 0)
		return nearest_of(q, &set, what);
	query_say(
	    q, "no node is %s%s (nodes: %s)", what, why, set_list(&all).text);
	return ENODEV;
}

static int
of_dax(const struct query *q)
{
	return of_sort(q, is_from_dax, "memory onlined from a DAX device", "");
}

static int
of_cxl(const struct query *q)
{
	return of_sort(q, is_cxl, "CXL memory",
	    ": none has memory of a region in /sys/bus/cxl/devices, or of a "
	    "DAX device on one, or is CXL by hwloc");
}

/* ---- Tiers --------------------------------------------------------------- */

static struct node_set
nodes_of_tier(const struct query *q, int tier)
{
	struct node_set set = query_memory(q);

	for (unsigned i = 0; i < q->topology->node_count; i++)
		if (q->topology->nodes[i].tier != tier)
			set_put(q, &set, i, false);
	return set;
}

/* The lowest tier above AFTER; AFTER if there is none. */
static int
next_tier(const struct query *q, int after)
{
	int next = after;

	for (unsigned i = 0; i < q->topology->node_count; i++) {
		int tier = q->topology->nodes[i].tier;

		if (tier > after && q->topology->nodes[i].capacity != 0 &&
		    (next == after || tier < next))
			next = tier;
	}
	return next;
}

/* Says which tiers there are. */
static int
no_tier(const struct query *q)
{
	int last = -1, tier = next_tier(q, last);
	struct node_set all = query_memory(q), set;

	if (tier == last)
		query_say(q,
		    "no memory tier is known, by "
		    "/sys/devices/virtual/memory_tiering or by hwloc (nodes: "
		    "%s)",
		    set_list(&all).text);
	else
		query_say(q, "no node is in memory tier %d; there", q->tier);
	for (; tier != last; last = tier, tier = next_tier(q, last)) {
		set = nodes_of_tier(q, tier);
		query_say(q, "%s tier %d (%s)", last < 0 ? " is" : ",", tier,
		    set_nodes(&set).text);
	}
	return ENODEV;
}

static int
of_tier(const struct query *q)
{
	struct node_set set = nodes_of_tier(q, q->tier);
	char what[32];

	if (set_count(&set) == 0)
		return no_tier(q);
	snprintf(what, sizeof(what), "memory tier %d", q->tier);
	return nearest_of(q, &set, what);
}

/* ---- High-bandwidth memory ----------------------------------------------- */

/*
 * HMAT does not say that a node is high-bandwidth memory. hwloc names some
 * kinds (its "subtype": DRAM, HBM, MCDRAM) by rules of its own; beyond that a
 * node counts as such if it is much faster than the DRAM of the same machine,
 * or, where that is of no use, fast by itself.
 */
static bool
is_kind(const struct topology_node *node, const char *kind)
{
	return strcmp(node->kind, kind) == 0;
}

static bool
is_hbm(const struct topology_node *node)
{
	return is_kind(node, "HBM") || is_kind(node, "MCDRAM");
}

/* What to compare with: the lowest bandwidth of a node that is DRAM, by its
 * kind or since it has CPUs. The lowest, so that a fast node with CPUs whose
 * kind nobody knows does not raise the measure above itself. A node whose
 * memory is forbidden counts too: it says what DRAM is like here. 0: not known.
 */
static uint64_t
dram_bandwidth(const struct topology *topology)
{
	uint64_t lowest = 0;

	for (unsigned i = 0; i < topology->node_count; i++) {
		const struct topology_node *node = &topology->nodes[i];
		uint64_t value = query_value(
		    topology, TOPOLOGY_BANDWIDTH, ANYWHERE, i);

		if (value == 0 || is_hbm(node) ||
		    (!node->has_cpus && !is_kind(node, "DRAM")))
			continue;
		if (lowest == 0 || value < lowest)
			lowest = value;
	}
	return lowest;
}

/* CXL memory does not count by its bandwidth: an interleave set of many devices
 * comes to as much as the DRAM of a part of a package, at twice the latency,
 * and is what there is more of, not what is scarce. */
static bool
is_fast(const struct query *q, unsigned i, uint64_t bandwidth)
{
	const struct topology_node *node = &q->topology->nodes[i];

	if (is_hbm(node))
		return true;
	return !is_cxl(node) &&
	    query_value(q->topology, TOPOLOGY_BANDWIDTH, ANYWHERE, i) >=
	    bandwidth;
}

/* The nodes with memory that are HBM by name, or have at least BANDWIDTH. */
static struct node_set
hbm_from(const struct query *q, uint64_t bandwidth)
{
	struct node_set set = query_memory(q);

	for (unsigned i = 0; i < q->topology->node_count; i++)
		if (!is_fast(q, i, bandwidth))
			set_put(q, &set, i, false);
	return set;
}

static int
no_hbm(const struct query *q, uint64_t dram)
{
	struct query anywhere = { q->topology, ANYWHERE, NULL, q->why, 0 };
	struct node_set all = query_memory(q);
	struct node_set valued = known(&anywhere, TOPOLOGY_BANDWIDTH);

	if (set_count(&valued) == 0)
		return unknown(
		    &anywhere, TOPOLOGY_BANDWIDTH, "bandwidth, as hbw needs");
	query_say(q,
	    "no node is high-bandwidth memory: none has twice the %llu MB/s of "
	    "DRAM or %d MB/s (nodes: %s)",
	    (unsigned long long)dram, HBW_AT_MIN, set_list(&all).text);
	return ENODEV;
}

/* Twice the bandwidth of DRAM first. The fixed threshold serves machines where
 * DRAM has no known value, and those that have nothing else than fast memory;
 * what is slower than DRAM is not fast there, as the memory of a GPU that the
 * processors reach over a link.
 * Nearest before fastest, unlike best_value(): all of it is fast, and what is
 * far is reached over a link between packages, whatever its own bandwidth. */
static int
high_bandwidth(const struct query *q)
{
	uint64_t dram = dram_bandwidth(q->topology);
	struct node_set best = { { 0 } }, looked_at;
	const char *decided = "", *rule = "by kind or twice DRAM's bandwidth";

	if (dram != 0)
		best = hbm_from(q, 2 * dram);
	if (set_count(&best) == 0) {
		best = hbm_from(q, dram > HBW_AT_MIN ? dram : HBW_AT_MIN);
		rule = "by kind or 200000 MB/s and DRAM's bandwidth";
	}
	looked_at = best;
	if (set_count(&best) == 0)
		return no_hbm(q, dram);
	if (q->from != ANYWHERE && query_keep(q, &best, by_distance))
		decided = ", the nearest";
	if (q->from != ANYWHERE && query_keep(q, &best, by_bandwidth))
		decided = ", the nearest and fastest";
	query_say(q, "high-bandwidth memory %s, %s: %s",
	    query_viewpoint(q).text, rule, set_nodes(&best).text);
	if (decided[0] != '\0')
		query_say(q, "%s of %s", decided, set_nodes(&looked_at).text);
	*q->nodes = best;
	return 0;
}

/* ---- The query ----------------------------------------------------------- */

/* A saved topology can be asked from any node, and the tool passes on what its
 * user wrote; the engine asks from nodes with CPUs alone. */
static int
no_view(const struct query *q, unsigned initiator)
{
	struct node_set set = { { 0 } };

	for (unsigned i = 0; i < q->topology->node_count; i++)
		set_put(q, &set, i, q->topology->nodes[i].has_cpus);
	query_say(q, "node %u has no CPUs to look from; those that have: %s",
	    initiator, set_list(&set).text);
	return ENODEV;
}

/* A machine that runs this has memory, so that nothing is known of it. */
static bool
is_hidden(const struct query *q)
{
	struct node_set set = query_memory(q);

	if (!q->topology->live || set_count(&set) != 0)
		return false;
	query_say(q,
	    "no node with memory is known: /sys/devices/system/node is not "
	    "there, or not to be read");
	return true;
}

/* A row for each source of spec/sources.h that is found by attribute. */
static int (*const finders[SPEC_SOURCE_COUNT])(const struct query *) = {
	[SPEC_HBW] = high_bandwidth,
	[SPEC_BANDWIDTH] = highest_bandwidth,
	[SPEC_LATENCY] = lowest_latency,
	[SPEC_CAPACITY] = largest,
	[SPEC_DAX_KMEM] = of_dax,
	[SPEC_CXL] = of_cxl,
	[SPEC_TIER] = of_tier,
};

/* Answers by the table. Clears NODES first, so a caller who passes over an
 * error has an empty set. */
EXPORT int
poolkind_topology_select(const struct topology *topology,
    enum spec_source source, unsigned tier, enum spec_scope scope,
    unsigned initiator, struct node_set *nodes, char *why)
{
	struct query q = { topology, ANYWHERE, nodes, why, (int)tier };

	memset(nodes, 0, sizeof(*nodes));
	why[0] = '\0';
	if (source >= SPEC_SOURCE_COUNT || finders[source] == NULL) {
		query_say(
		    &q, "source %d is not a memory attribute", (int)source);
		return ENODEV;
	}
	if (scope == SPEC_LOCAL) {
		q.from = topology_index(topology, initiator);
		if (q.from == NO_NODE || !topology->nodes[q.from].has_cpus)
			return no_view(&q, initiator);
	}
	return is_hidden(&q) ? ENODEV : finders[source](&q);
}

EXPORT uint64_t
poolkind_topology_best(const struct topology *topology,
    enum topology_attribute attribute, unsigned node)
{
	unsigned to = topology_index(topology, node);

	return to == NO_NODE ? 0 :
			       query_value(topology, attribute, ANYWHERE, to);
}

/* For a facade whose user names the nodes (MEMKIND_HBW_NODES): what is local of
 * a given set is decided here, by the same distances. Nodes that are not in the
 * record are dropped. */
EXPORT void
poolkind_topology_nearest(
    const struct topology *topology, unsigned initiator, struct node_set *nodes)
{
	struct query q = { topology, topology_index(topology, initiator), nodes,
		NULL, 0 };
	struct node_set memory = query_memory(&q);

	for (size_t i = 0; i < ARRAY_SIZE(memory.bits); i++)
		nodes->bits[i] &= memory.bits[i];
	if (q.from != ANYWHERE)
		query_keep(&q, nodes, by_distance);
}
