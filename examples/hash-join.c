/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hash-join.c - joins two relations by a hash table. The table is what is read
 * at random, so it goes where bandwidth is highest; the tuples are read once,
 * in order, and go where there is most room.
 *
 *	./hash-join [TUPLES [TABLE-KIND [DATA-KIND]]]
 *
 * With kinds that the machine does not have it says so, and takes dram.
 */
#include <poolkind.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
print_help(void)
{
	puts("usage: hash-join [TUPLES [TABLE-KIND [DATA-KIND]]]\n\n"
	     "Joins two relations of TUPLES tuples (200000). The hash\n"
	     "table, which is read at random, lies in one kind\n"
	     "(bandwidth), the tuples in another (capacity).");
	return 0;
}

struct tuple {
	uint64_t key, value;
};

struct entry {
	struct tuple tuple;
	struct entry *next;
};

struct table {
	poolkind *kind;
	size_t mask;
	struct entry **bucket;
};

static poolkind *
open_or_dram(const char *text)
{
	poolkind *kind = poolkind_open(text, 0);

	if (kind != NULL)
		return kind;
	printf("%s: %s; dram it is\n", text, poolkind_errormsg());
	return poolkind_open("dram", 0);
}

static size_t
slot(const struct table *table, uint64_t key)
{
	return (size_t)(key * 0x9e3779b97f4a7c15u >> 20) & table->mask;
}

static int
insert(struct table *table, const struct tuple *tuple)
{
	struct entry *entry = poolkind_malloc(table->kind, sizeof(*entry));
	size_t at = slot(table, tuple->key);

	if (entry == NULL)
		return -1;
	entry->tuple = *tuple;
	entry->next = table->bucket[at];
	table->bucket[at] = entry;
	return 0;
}

/* The sum of both values over all pairs of equal keys, and how many. */
static uint64_t
probe(const struct table *table, const struct tuple *outer, size_t count,
    size_t *matches)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++)
		for (const struct entry *entry =
			 table->bucket[slot(table, outer[i].key)];
		     entry != NULL; entry = entry->next)
			if (entry->tuple.key == outer[i].key) {
				sum += entry->tuple.value + outer[i].value;
				++*matches;
			}
	return sum;
}

/* Keys 0, STEP, 2 * STEP... */
static struct tuple *
relation(poolkind *kind, size_t count, uint64_t step)
{
	struct tuple *tuples = poolkind_calloc(kind, count, sizeof(*tuples));

	for (size_t i = 0; tuples != NULL && i < count; i++)
		tuples[i] = (struct tuple){ i * step, i };
	return tuples;
}

int
main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		return print_help();
	size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 200000;
	poolkind *fast = open_or_dram(argc > 2 ? argv[2] : "bandwidth");
	poolkind *large = open_or_dram(argc > 3 ? argv[3] : "capacity");
	struct table table = { .kind = fast, .mask = 1 };
	struct tuple *inner, *outer;
	size_t matches = 0;
	uint64_t sum;

	if (fast == NULL || large == NULL)
		return 1;
	while (table.mask < count)
		table.mask = table.mask << 1 | 1;
	table.bucket = poolkind_calloc(
	    fast, table.mask + 1, sizeof(*table.bucket));
	inner = relation(large, count, 2);
	outer = relation(large, count, 3);
	if (table.bucket == NULL || inner == NULL || outer == NULL)
		return 1;
	for (size_t i = 0; i < count; i++)
		if (insert(&table, &inner[i]) != 0)
			return 1;
	sum = probe(&table, outer, count, &matches);
	printf("table in %s, tuples in %s: %zu matches, sum %ju\n",
	    poolkind_text(fast), poolkind_text(large), matches, (uintmax_t)sum);
	poolkind_close(fast);
	poolkind_close(large);
	return 0;
}
