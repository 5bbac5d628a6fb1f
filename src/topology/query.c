/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * query.c - see query.h.
 *
 * Owns nothing. Called by select.c; no locks, and nothing fails: a text that is
 * too long is cut.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "topology/query.h"

/* ---- Sentences ----------------------------------------------------------- */

/* Runs of numbers as ranges. Returned by value, so that a sentence can hold
 * several. It stops while there is room for the longest range and the dots:
 * sets of hundreds of scattered nodes would not be read anyway. */
struct list
set_list(const struct node_set *set)
{
	struct list list = { "none" };
	size_t first = bits_find(set->bits, 0, SPEC_NODES_MAX, true);
	int length = 0;

	while (first < SPEC_NODES_MAX) {
		size_t end = bits_find(set->bits, first, SPEC_NODES_MAX, false);
		char *at = list.text + length;
		size_t left = sizeof(list.text) - (size_t)length;

		if (left < 16) {
			snprintf(at, left, "...");
			break;
		}
		length += snprintf(at, left, "%s%zu", length ? "," : "", first);
		if (end - first > 1)
			length += snprintf(list.text + length,
			    sizeof(list.text) - (size_t)length, "-%zu",
			    end - 1);
		first = bits_find(set->bits, end, SPEC_NODES_MAX, true);
	}
	return list;
}

struct list
query_viewpoint(const struct query *q)
{
	struct list text = { "from anywhere" };

	if (q->from != ANYWHERE)
		snprintf(text.text, sizeof(text.text), "from node %u",
		    q->topology->nodes[q->from].id);
	return text;
}

struct list
set_nodes(const struct node_set *set)
{
	struct list text;

	snprintf(text.text, sizeof(text.text), "%s%.40s",
	    set_count(set) == 1 ? "node " : "nodes ", set_list(set).text);
	return text;
}

void
query_say(const struct query *q, const char *format, ...)
{
	size_t length = strlen(q->why);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(
	    q->why + length, TOPOLOGY_TEXT_MAX - length, format, arguments);
	va_end(arguments);
}

/* ---- Sets and scores ----------------------------------------------------- */

/* Nodes with CPUs alone, or whose memory is forbidden, are in the record as
 * viewpoints (topology.h); as an answer they would be of no use. */
struct node_set
query_memory(const struct query *q)
{
	struct node_set set = { { 0 } };

	for (unsigned i = 0; i < q->topology->node_count; i++)
		set_put(q, &set, i, q->topology->nodes[i].capacity != 0);
	return set;
}

/* Attributes come in the order of their enum: for bandwidths, which are before
 * TOPOLOGY_LATENCY, more is better, for latencies less. */
uint64_t
query_value(const struct topology *topology, enum topology_attribute attribute,
    unsigned from, unsigned to)
{
	uint64_t best = 0;

	if (from != ANYWHERE)
		return *topology_value_at(topology, attribute, from, to);
	for (from = 0; from < topology->node_count; from++) {
		uint64_t value = *topology_value_at(
		    topology, attribute, from, to);
		bool better = attribute < TOPOLOGY_LATENCY ? value > best :
							     value < best;

		if (value != 0 && (best == 0 || better))
			best = value;
	}
	return best;
}

/*
 * The scores. What is better when it is more is inverted bit by bit, which
 * turns the order around without an overflow: an unknown bandwidth, 0, becomes
 * the worst. An unknown latency would become the best: by_latency() is for sets
 * in which all are known.
 */
uint64_t
by_bandwidth(const struct query *q, unsigned to)
{
	return ~query_value(q->topology, TOPOLOGY_BANDWIDTH, q->from, to);
}

uint64_t
by_latency(const struct query *q, unsigned to)
{
	return query_value(q->topology, TOPOLOGY_LATENCY, q->from, to);
}

uint64_t
by_size(const struct query *q, unsigned to)
{
	return q->topology->nodes[to].capacity;
}

uint64_t
by_capacity(const struct query *q, unsigned to)
{
	return ~q->topology->nodes[to].capacity;
}

uint64_t
by_distance(const struct query *q, unsigned to)
{
	return q->from == ANYWHERE ?
	    0 :
	    topology_nearness(q->topology, q->from, to);
}

/* Two passes, one for the lowest score and one for who has it: scores are few
 * loads, and nodes few. A set with one node, or none, stays as it is. */
bool
query_keep(const struct query *q, struct node_set *set, score *by)
{
	unsigned nodes = q->topology->node_count;
	uint64_t lowest = UINT64_MAX;
	size_t before = set_count(set);

	for (unsigned i = 0; i < nodes; i++)
		if (set_has(q, set, i) && by(q, i) < lowest)
			lowest = by(q, i);
	for (unsigned i = 0; i < nodes; i++)
		if (set_has(q, set, i) && by(q, i) != lowest)
			set_put(q, set, i, false);
	return set_count(set) < before;
}
