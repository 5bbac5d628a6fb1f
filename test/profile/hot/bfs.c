/* SPDX-License-Identifier: BSD-2-Clause */
/* Breadth-first searches on a random graph: the marks of who was seen are hot,
 * the edges are read once a search. Degrees are hot while the graph is made;
 * they, and the list of edges that it is made of, are freed before the searches
 * begin, so what comes later can have their place. */
#include "hot.h"

#define NODES 32768
#define EDGES (8 * NODES)
#define SEARCHES 4

static struct hot *h_list, *h_edges, *h_starts, *h_seen, *h_queue, *h_parent,
    *h_names, *h_degrees;

static unsigned *
make_edges(unsigned *starts)
{
	unsigned *list = HOT_NEW(&h_list, "list", 2 * EDGES * sizeof(*list));
	unsigned *edges = HOT_NEW(&h_edges, "edges", EDGES * sizeof(*edges));
	unsigned long *degrees = HOT_NEW(
	    &h_degrees, "degrees", NODES * sizeof(*degrees));

	for (size_t i = 0; i < NODES; i++)
		WR(h_degrees, degrees[i], 0);
	for (size_t i = 0; i < EDGES; i++) {
		unsigned from = (unsigned)(hot_random() % NODES);
		unsigned to = (unsigned)(hot_random() % NODES);

		WR(h_list, list[2 * i], from);
		WR(h_list, list[2 * i + 1], to);
		WR(h_degrees, degrees[from], RD(h_degrees, degrees[from]) + 1);
		WR(h_degrees, degrees[to], RD(h_degrees, degrees[to]) + 65536);
	}
	WR(h_starts, starts[0], 0);
	for (size_t i = 0; i < NODES; i++)
		WR(h_starts, starts[i + 1],
		    RD(h_starts, starts[i]) +
			(unsigned)(RD(h_degrees, degrees[i]) % 65536));
	HOT_FREE(h_degrees, degrees, NODES * sizeof(*degrees));
	for (size_t i = EDGES; i-- > 0;) {
		unsigned from = RD(h_list, list[2 * i]);
		unsigned at = RD(h_starts, starts[from + 1]) - 1;

		WR(h_edges, edges[at], RD(h_list, list[2 * i + 1]));
		WR(h_starts, starts[from + 1], at);
	}
	HOT_FREE(h_list, list, 2 * EDGES * sizeof(*list));
	return edges;
}

int
main(void)
{
	unsigned *starts = HOT_NEW(
	    &h_starts, "starts", (NODES + 2) * sizeof(*starts));
	unsigned *edges = make_edges(starts), *queue, *parent;
	char *names = HOT_NEW(&h_names, "names", NODES * 32);
	unsigned *seen;
	size_t all = 0;
	unsigned searches = SEARCHES * (unsigned)hot_again();

	starts[NODES + 1] = EDGES;
	for (size_t i = 0; i < NODES; i++)
		WR(h_names, names[32 * i], 'n');
	seen = HOT_NEW(&h_seen, "seen", NODES * sizeof(*seen));
	queue = HOT_NEW(&h_queue, "queue", NODES * sizeof(*queue));
	parent = HOT_NEW(&h_parent, "parent", NODES * sizeof(*parent));
	for (unsigned search = 0; search < searches; search++) {
		size_t first = 0, last = 1;

		for (size_t i = 0; i < NODES; i++)
			WR(h_seen, seen[i], 0);
		WR(h_queue, queue[0], search);
		WR(h_seen, seen[search], 1);
		while (first < last) {
			unsigned from = RD(h_queue, queue[first++]);
			unsigned end = RD(h_starts, starts[from + 2]);

			for (unsigned at = RD(h_starts, starts[from + 1]);
			     at < end; at++) {
				unsigned to = RD(h_edges, edges[at]);

				if (RD(h_seen, seen[to]))
					continue;
				WR(h_seen, seen[to], 1);
				WR(h_parent, parent[to], from);
				WR(h_queue, queue[last++], to);
			}
		}
		all += last;
	}
	hot_end();
	return all == 0;
}
