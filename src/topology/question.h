/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * question.h - sets of nodes, the scores that narrow them down, and their text.
 *
 * Owns nothing; for select.c. A question works on a record that is constant: no
 * locks, and nothing fails.
 */
#ifndef TOPOLOGY_QUESTION_H
#define TOPOLOGY_QUESTION_H

#include "base/bits.h"
#include "topology/record.h"

#define ANYWHERE NO_NODE

/* From where to look (an index, or ANYWHERE), and what for. */
struct question {
	const struct topology *topology;
	unsigned from;
	struct node_set *nodes;
	char *why;
};

/* ---- Sets, of the nodes with index I ------------------------------------- */

static inline bool
set_has(const struct question *q, const struct node_set *set, unsigned i)
{
	return bits_test(set->bits, q->topology->nodes[i].id);
}

static inline void
set_put(const struct question *q, struct node_set *set, unsigned i, bool value)
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
struct list question_viewpoint(const struct question *q);

/* Adds to the sentence. */
void question_say(const struct question *q, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- Scores -------------------------------------------------------------- */

/* The nodes with memory. */
struct node_set question_memory(const struct question *q);

/* What is known of TO as seen from FROM; from ANYWHERE, from where it is best.
 * Firmware that reports local values alone reports just these. 0: unknown. */
uint64_t question_value(const struct topology *topology,
    enum topology_attribute attribute, unsigned from, unsigned to);

/* How good a node is, the lower the better. */
typedef uint64_t score(const struct question *q, unsigned to);
score by_bandwidth, by_latency, by_size, by_capacity;
/* From ANYWHERE, nothing is nearer than anything else. */
score by_distance;

/* Leaves in SET the nodes with the lowest score, and returns whether that ruled
 * any out. */
bool question_keep(const struct question *q, struct node_set *set, score *by);

#endif /* TOPOLOGY_QUESTION_H */
