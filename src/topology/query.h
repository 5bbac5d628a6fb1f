/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * query.h - sets of nodes, the scores that narrow them down, and their text.
 *
 * Owns nothing; for select.c. A query works on a record that is constant: no
 * locks, and nothing fails.
 */
#ifndef TOPOLOGY_QUERY_H
#define TOPOLOGY_QUERY_H

#include "base/bits.h"
#include "topology/record.h"

#define ANYWHERE NO_NODE

/* From where to look (an index, or ANYWHERE), and what for. */
struct query {
	const struct topology *topology;
	unsigned from;
	struct node_set *nodes;
	char *why;
	int tier; /* to look for, where that is what is asked */
};

/* ---- Sets, of the nodes with index I ------------------------------------- */

static inline bool
set_has(const struct query *q, const struct node_set *set, unsigned i)
{
	return bits_test(set->bits, q->topology->nodes[i].id);
}

static inline void
set_put(const struct query *q, struct node_set *set, unsigned i, bool value)
{
	unsigned id = q->topology->nodes[i].id;

	bits_fill(set->bits, id, id + 1, value);
}

static inline size_t
set_count(const struct node_set *set)
{
	return bits_count(set->bits, 0, SPEC_NODES_MAX);
}

/* ---- Sentences ----------------------------------------------------------- */

#define LIST_MAX 48

struct list {
	char text[LIST_MAX];
};

/* "0-1,4", cut short with "..." where it gets long; "none". */
struct list set_list(const struct node_set *set);

/* The same with the word: "node 2", "nodes 0-1". */
struct list set_nodes(const struct node_set *set);

/* "from node 0", or "from anywhere". */
struct list query_viewpoint(const struct query *q);

/* Adds to the sentence. */
void query_say(const struct query *q, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- Scores -------------------------------------------------------------- */

/* The nodes with memory. */
struct node_set query_memory(const struct query *q);

/* What is known of TO as seen from FROM; from ANYWHERE, from where it is best.
 * Firmware that reports local values alone reports just these. 0: unknown. */
uint64_t query_value(const struct topology *topology,
    enum topology_attribute attribute, unsigned from, unsigned to);

/* How good a node is, the lower the better. */
typedef uint64_t score(const struct query *q, unsigned to);
score by_bandwidth, by_latency, by_size, by_capacity;
/* From ANYWHERE, nothing is nearer than anything else. */
score by_distance;

/* Leaves in SET the nodes with the lowest score, and returns whether that ruled
 * any out. */
bool query_keep(const struct query *q, struct node_set *set, score *by);

#endif /* TOPOLOGY_QUERY_H */
