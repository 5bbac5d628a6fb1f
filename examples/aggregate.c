/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * aggregate.c - the median of each group of rows, by a hash table, in a fast
 * memory that is too small for it. A group has a histogram of 64 KiB, which
 * goes to ordinary memory while 99 % of the fast memory are in use; the index,
 * in small blocks, has the rest, and stays. Rows come in windows: at the end of
 * one its groups are freed, and those of the next are in fast memory again.
 *
 *	./aggregate [GROUPS [FAST-KIND]]
 */
#include <poolkind.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WINDOWS 3
#define ROWS_OF_GROUP 8
#define VALUES 16384
#define NODES 64
#define SPREAD 0x9e3779b97f4a7c15u

static int
print_help(void)
{
	puts(
	    "usage: aggregate [GROUPS [FAST-KIND]]\n\n"
	    "Finds the medians of GROUPS groups (768) of rows, three times.\n"
	    "What FAST-KIND (dram,limit=32M) has no room for lies in ordinary\n"
	    "memory; the medians are the same.");
	return 0;
}

struct group {
	uint64_t key;
	uint32_t *histogram;
	struct group *next;
};

struct table {
	poolkind *kind;
	size_t room, used; /* at first; when something spilled first */
	size_t mask;
	struct group **bucket;
};

/* How many blocks there are, and how much of them is on each node. */
struct place {
	size_t blocks, bytes[NODES];
};

static void *
check(void *made)
{
	if (made != NULL)
		return made;
	fprintf(stderr, "aggregate: %s\n", poolkind_errormsg());
	exit(1);
}

/* The buckets, the only large block of the index, come before all histograms,
 * and so from fast memory. */
static void
make_table(struct table *table, const char *fast, size_t groups)
{
	struct poolkind_room room;
	char text[512];

	snprintf(text, sizeof(text), "%s,high=99%%,low=85%% > dram", fast);
	table->kind = check(poolkind_open(text, 0));
	poolkind_get_room(table->kind, &room, sizeof(room));
	table->room = room.available;
	while (table->mask < groups)
		table->mask = table->mask << 1 | 1;
	table->bucket = check(poolkind_calloc(
	    table->kind, table->mask + 1, sizeof(*table->bucket)));
}

static bool
is_spilled(const struct table *table, const void *block)
{
	return poolkind_of(block) != table->kind;
}

static struct group *
add_group(struct table *table, struct group **bucket, uint64_t key)
{
	struct group *group = check(
	    poolkind_malloc(table->kind, sizeof(*group)));
	struct poolkind_stats stats;

	*group = (struct group){ .key = key, .next = *bucket };
	group->histogram = check(
	    poolkind_calloc(table->kind, VALUES, sizeof(*group->histogram)));
	if (table->used == 0 && is_spilled(table, group->histogram)) {
		poolkind_get_stats(table->kind, &stats, sizeof(stats));
		table->used = stats.live;
	}
	return *bucket = group;
}

static void
add_row(struct table *table, uint64_t key, uint64_t value)
{
	size_t slot = key * SPREAD >> 20 & table->mask;
	struct group *group = table->bucket[slot];

	while (group != NULL && group->key != key)
		group = group->next;
	if (group == NULL)
		group = add_group(table, &table->bucket[slot], key);
	group->histogram[value % VALUES]++;
}

static uint64_t
median(const uint32_t *histogram)
{
	uint64_t all = 0, below = 0, value = 0;

	for (size_t i = 0; i < VALUES; i++)
		all += histogram[i];
	while ((below += histogram[value]) * 2 < all)
		value++;
	return value;
}

static void
note(struct place *place, const void *block)
{
	size_t bytes[NODES];

	place->blocks++;
	if (poolkind_block_nodes(block, bytes, NODES) == 0)
		for (size_t node = 0; node < NODES; node++)
			place->bytes[node] += bytes[node];
}

static void
print_place(const char *name, const struct place *place)
{
	printf(" %s %zu", name, place->blocks);
	for (size_t node = 0; node < NODES; node++)
		if (place->bytes[node] != 0)
			printf(" on node %zu", node);
}

/* The sum of the medians, each by its group's key; the groups are gone. */
static uint64_t
finish_window(struct table *table)
{
	struct place index[2] = { 0 }, data[2] = { 0 };
	struct group *group;
	uint64_t sum = 0;

	note(&index[is_spilled(table, table->bucket)], table->bucket);
	for (size_t i = 0; i <= table->mask; i++)
		while ((group = table->bucket[i]) != NULL) {
			note(&index[is_spilled(table, group)], group);
			note(&data[is_spilled(table, group->histogram)],
			    group->histogram);
			sum += group->key * median(group->histogram);
			table->bucket[i] = group->next;
			poolkind_free(NULL, group->histogram);
			poolkind_free(NULL, group);
		}
	print_place("index", &index[0]);
	print_place("spilled", &index[1]);
	print_place("histograms", &data[0]);
	print_place("spilled", &data[1]);
	puts("");
	return sum;
}

int
main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		return print_help();
	size_t groups = argc > 1 ? strtoul(argv[1], NULL, 10) : 768;
	struct table table = { .mask = 1 };
	struct poolkind_stats stats;
	uint64_t row = 0, sum = 0;

	make_table(&table, argc > 2 ? argv[2] : "dram,limit=32M", groups);
	for (int window = 1; window <= WINDOWS; window++) {
		for (size_t i = 0; i < groups * ROWS_OF_GROUP; i++, row++)
			add_row(&table, row % groups, row * SPREAD >> 32);
		printf("window %d:", window);
		sum += finish_window(&table);
	}
	poolkind_get_stats(table.kind, &stats, sizeof(stats));
	printf("%.1f %% in use at the first spill, %ju spills, %ju returns\n"
	       "sum %ju\n",
	    100.0 * (double)table.used / (double)table.room,
	    (uintmax_t)stats.spills, (uintmax_t)stats.returns, (uintmax_t)sum);
	poolkind_free(NULL, table.bucket);
	return poolkind_close(table.kind);
}
