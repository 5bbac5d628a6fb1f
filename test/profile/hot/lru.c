/* SPDX-License-Identifier: BSD-2-Clause */
/* A cache of what was used last: nodes of a list and of a hash table, small and
 * hot, and pages, of which most are looked at once. Pages of a few sizes come
 * and go. */
#include "hot.h"

#define PAGES 1024
#define BUCKETS 2048
#define REQUESTS 30000
#define NODE_BYTES 64

struct node {
	struct node *chain, *newer, *older;
	unsigned key, bytes;
	char *page;
};

static struct hot *h_node, *h_buckets, *h_page, *h_index, *h_counts;
static struct node **buckets, ends;
static size_t count;

static struct node *
new_node(void)
{
	return HOT_NEW(&h_node, "node", NODE_BYTES);
}

static char *
new_page(unsigned bytes)
{
	return HOT_NEW(&h_page, "page", bytes);
}

static void
take_out(struct node *node)
{
	struct node *newer = RD(h_node, node->newer);
	struct node *older = RD(h_node, node->older);

	WR(h_node, newer->older, older);
	WR(h_node, older->newer, newer);
}

static void
put_first(struct node *node)
{
	struct node *second = ends.older;

	WR(h_node, node->older, second);
	WR(h_node, node->newer, &ends);
	WR(h_node, second->newer, node);
	ends.older = node;
}

static void
drop_last(void)
{
	struct node *node = ends.newer;
	struct node **at = &buckets[RD(h_node, node->key) % BUCKETS];

	take_out(node);
	for (; RD(h_buckets, *at) != node; at = &(*at)->chain)
		;
	WR(h_buckets, *at, node->chain);
	HOT_FREE(h_page, node->page, node->bytes);
	HOT_FREE(h_node, node, NODE_BYTES);
	count--;
}

static struct node *
look_up(unsigned key)
{
	struct node *node = RD(h_buckets, buckets[key % BUCKETS]);

	while (node != NULL && RD(h_node, node->key) != key)
		node = RD(h_node, node->chain);
	return node;
}

static struct node *
bring(unsigned key)
{
	struct node *node = new_node();

	if (count == PAGES)
		drop_last();
	count++;
	WR(h_node, node->key, key);
	WR(h_node, node->bytes, 1024u << key % 3);
	WR(h_node, node->page, new_page(node->bytes));
	WR(h_node, node->chain, RD(h_buckets, buckets[key % BUCKETS]));
	WR(h_buckets, buckets[key % BUCKETS], node);
	for (unsigned i = 0; i < node->bytes; i += 256)
		WR(h_page, node->page[i], (char)key);
	put_first(node);
	return node;
}

int
main(void)
{
	size_t index_bytes = 262144, sum = 0;
	int requests = REQUESTS * hot_again();
	char *index = HOT_NEW(&h_index, "index", index_bytes);
	unsigned *counts = HOT_NEW(&h_counts, "counts", 8192 * sizeof(*counts));

	buckets = HOT_NEW(&h_buckets, "buckets", BUCKETS * sizeof(*buckets));
	ends.newer = ends.older = &ends;
	for (size_t i = 0; i < BUCKETS; i++)
		WR(h_buckets, buckets[i], NULL);
	for (size_t i = 0; i < index_bytes; i += 16)
		WR(h_index, index[i], 1);
	for (size_t i = 0; i < 8192; i++)
		WR(h_counts, counts[i], 0);
	for (int i = 0; i < requests; i++) {
		unsigned key = (unsigned)(hot_random() % 64 *
		    (hot_random() % 128));
		struct node *node = look_up(key);

		WR(h_counts, counts[key % 8192],
		    RD(h_counts, counts[key % 8192]) + 1);
		if (node == NULL)
			node = bring(key);
		else {
			take_out(node);
			put_first(node);
		}
		sum += (size_t)RD(h_page, node->page[0]);
	}
	hot_end();
	return sum == 0;
}
