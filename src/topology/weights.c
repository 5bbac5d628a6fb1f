/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * weights.c - weights of nodes by their bandwidth. See topology.h.
 *
 * Owns nothing; notes in the record what is to be measured, so its caller keeps
 * others away from that. Called by the engine and the tests. Fails where no
 * bandwidth is known, and of too many nodes; the sentence says which.
 *
 * Only bandwidths of one sort are compared: those of the firmware are of all
 * processors together, what is measured is less, and a mean with writes is
 * another thing than reads. So of each sort all nodes must have one, or the
 * next sort is looked at. Linux tells what a node is like from the processors
 * near it alone, hence much has to be measured where nodes of several packages
 * go together.
 */
#include <errno.h>
#include <string.h>

#include "topology/query.h"

#define WEIGHT_MAX UINT8_MAX

/* By how much a share may differ, as a part of it. */
#define SHARE_ERROR 0.02

/* ---- Small numbers ------------------------------------------------------- */

/* Numbers in the ratio of VALUE, of about SUM in all. */
static void
divide(const uint64_t *value, size_t count, double all, unsigned sum,
    uint8_t *weights)
{
	for (size_t i = 0; i < count; i++) {
		double part = (double)value[i] / all * sum + 0.5;

		weights[i] = part < 1  ? 1 :
		    part >= WEIGHT_MAX ? WEIGHT_MAX :
					 (uint8_t)part;
	}
}

/* The largest difference of a share from what it should be, as a part of it. */
static double
error_of(
    const uint64_t *value, size_t count, double all, const uint8_t *weights)
{
	double worst = 0, sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += weights[i];
	for (size_t i = 0; i < count; i++) {
		double error = weights[i] / sum / ((double)value[i] / all) - 1;

		error = error < 0 ? -error : error;
		worst = error > worst ? error : worst;
	}
	return worst;
}

/* Tries sums from the least on. Where none is near enough, as of values that
 * are further apart than weights can be, the one that comes nearest is it. */
static void
reduce(const uint64_t *value, size_t count, uint8_t *weights)
{
	uint8_t tried[SPEC_WEIGHTS_MAX];
	double all = 0, least = -1;

	for (size_t i = 0; i < count; i++)
		all += (double)value[i];
	for (unsigned sum = (unsigned)count;
	     sum <= count * WEIGHT_MAX && (least < 0 || least > SHARE_ERROR);
	     sum++) {
		double error;

		divide(value, count, all, sum, tried);
		error = error_of(value, count, all, tried);
		if (least >= 0 && error >= least)
			continue;
		least = error;
		memcpy(weights, tried, count);
	}
}

/* ---- Bandwidths ---------------------------------------------------------- */

/* What is known of node TO from FROM, which may be ANYWHERE; 0: nothing. */
typedef uint64_t view(const struct query *q, unsigned from, unsigned to);

static uint64_t
reads(const struct query *q, unsigned from, unsigned to)
{
	return query_value(q->topology, TOPOLOGY_READ_BANDWIDTH, from, to);
}

static uint64_t
means(const struct query *q, unsigned from, unsigned to)
{
	return query_value(q->topology, TOPOLOGY_BANDWIDTH, from, to);
}

static uint64_t
measured(const struct query *q, unsigned from, unsigned to)
{
	uint64_t best = 0, here;

	if (from != ANYWHERE) {
		here = *topology_measured_at(q->topology, from, to);
		return here < MEASURE_FAILED ? here : 0;
	}
	for (from = 0; from < q->topology->node_count; from++) {
		here = measured(q, from, to);
		best = here > best ? here : best;
	}
	return best;
}

static const struct {
	view *see;
	const char *what;
} views[] = {
	{ reads, "the bandwidth of reads" },
	{ means, "the bandwidth" },
	{ measured, "the bandwidth of reads that was measured" },
};

/* The nodes of the query, by index and rising number. */
static size_t
list_nodes(const struct query *q, unsigned *index)
{
	size_t count = 0;

	for (unsigned i = 0; i < q->topology->node_count; i++)
		if (set_has(q, q->nodes, i) && count < SPEC_WEIGHTS_MAX)
			index[count++] = i;
	return count;
}

static bool
see_all(const struct query *q, unsigned from, view *see, const unsigned *index,
    size_t count, uint64_t *value)
{
	for (size_t i = 0; i < count; i++) {
		value[i] = see(q, from, index[i]);
		if (value[i] == 0)
			return false;
	}
	return true;
}

/* By the first sort of bandwidth that all nodes have from FROM. */
static bool
weigh_from(const struct query *q, unsigned from, const unsigned *index,
    size_t count, uint8_t *weights)
{
	uint64_t value[SPEC_WEIGHTS_MAX];
	struct query there = *q;

	there.from = from;
	for (size_t i = 0; i < ARRAY_SIZE(views); i++)
		if (see_all(q, from, views[i].see, index, count, value)) {
			reduce(value, count, weights);
			query_say(q, "by %s %s", views[i].what,
			    query_viewpoint(&there).text);
			return true;
		}
	return false;
}

/* Notes what nobody measured yet: of all nodes, since they are compared. From
 * anywhere each is measured from the processors that are nearest. */
static bool
note_missing(const struct query *q, const unsigned *index, size_t count)
{
	bool noted = false;

	for (size_t i = 0; i < count; i++) {
		unsigned from = q->from != ANYWHERE ?
		    q->from :
		    topology_nearest_cpus(q->topology, index[i]);
		uint64_t *value;

		if (from == NO_NODE)
			continue;
		value = topology_measured_at(q->topology, from, index[i]);
		if (*value == MEASURE_NOT)
			*value = MEASURE_NOW;
		noted |= *value == MEASURE_NOW;
	}
	return noted;
}

/* ---- The question -------------------------------------------------------- */

/* 0, or an error number where the nodes are none that can have weights. */
static int
check_nodes(const struct query *q)
{
	struct node_set memory = query_memory(q), missing = *q->nodes;

	for (size_t i = 0; i < ARRAY_SIZE(missing.bits); i++)
		missing.bits[i] &= ~memory.bits[i];
	if (set_count(&missing) != 0) {
		query_say(q,
		    "weights=auto: this process has no memory on %s (nodes: "
		    "%s)",
		    set_nodes(&missing).text, set_list(&memory).text);
		return ENODEV;
	}
	if (set_count(q->nodes) <= SPEC_WEIGHTS_MAX)
		return 0;
	query_say(q,
	    "weights=auto: %zu nodes, and weights are for %d at most; the "
	    "system's own serve any number",
	    set_count(q->nodes), SPEC_WEIGHTS_MAX);
	return E2BIG;
}

static int
no_bandwidth(const struct query *q)
{
	query_say(q,
	    "weights=auto: no bandwidth of %s is known %s: the firmware tells "
	    "none of each of them, and it cannot be measured, as threads of "
	    "this process do not run there or a node has no memory free",
	    set_nodes(q->nodes).text, query_viewpoint(q).text);
	return ENODEV;
}

EXPORT int
poolkind_topology_weights(struct topology *topology,
    const struct node_set *nodes, enum spec_scope scope, unsigned initiator,
    uint8_t *weights, char *why)
{
	struct node_set set = *nodes;
	struct query q = { topology, ANYWHERE, &set, why, 0 };
	unsigned index[SPEC_WEIGHTS_MAX];
	size_t count;
	int error;

	memset(weights, 0, SPEC_WEIGHTS_MAX);
	why[0] = '\0';
	if (scope == SPEC_LOCAL)
		q.from = topology_index(topology, initiator);
	error = check_nodes(&q);
	if (error != 0)
		return error;
	count = list_nodes(&q, index);
	if (count == 1) {
		weights[0] = 1;
		query_say(&q, "one node");
		return 0;
	}
	if (weigh_from(&q, q.from, index, count, weights))
		return 0;
	if (note_missing(&q, index, count))
		return EAGAIN;
	return weigh_from(&q, ANYWHERE, index, count, weights) ?
	    0 :
	    no_bandwidth(&q);
}
