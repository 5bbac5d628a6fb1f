/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lookups.c - looks keys up in a table by an index, and says on which nodes its
 * data lie, as the kernel has it. It knows of no kinds: what belongs where is
 * for `poolkind advise` to find out, and for `poolkind run --rules` to do:
 *
 *	cc -g -O1 lookups.c -o lookups
 *	poolkind record --sampler referenced ./lookups
 *	poolkind advise --fast bandwidth,limit=14M --rest dram -o advice.rules \
 *	    poolkind.pb.gz
 *	poolkind run --rules advice.rules ./lookups
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)
#define PAGE ((size_t)4096)
#define PIECES 8 /* of the answers, each a block of its own */
#define PIECE MIB
#define NODES 64

static int
print_help(void)
{
	puts("usage: lookups [ROUNDS]\n\n"
	     "Looks up a million keys in each round (10) and says on which\n"
	     "nodes its index, its table, its keys and its answers lie, with\n"
	     "memory from malloc alone.");
	return 0;
}

static void *
check(void *block)
{
	if (block != NULL)
		return block;
	fputs("lookups: no memory\n", stderr);
	exit(1);
}

/* Adds the nodes of a block's pages to those SEEN. A page that the kernel means
 * to move has none until it is touched. */
static void
find_nodes(const void *block, size_t bytes, uint64_t *seen)
{
	uintptr_t first = ((uintptr_t)block + PAGE - 1) / PAGE * PAGE;

	for (uintptr_t at = first; at + PAGE <= (uintptr_t)block + bytes;
	     at += PAGE) {
		void *page = (void *)at;
		int node = -1;

		for (int i = 0; i < 100 && node < 0; i++) {
			(void)*(volatile const char *)page;
			if (syscall(SYS_move_pages, 0, 1, &page, NULL, &node,
				0) != 0)
				break;
		}
		if (node >= 0 && node < NODES)
			*seen |= (uint64_t)1 << node;
	}
}

static void
print_nodes(const char *name, size_t bytes, uint64_t seen)
{
	printf("%-8s %2zu MiB  node", name, bytes / MIB);
	for (int node = 0; node < NODES; node++)
		if (seen >> node & 1)
			printf(" %d", node);
	puts(seen == 0 ? " unknown" : "");
}

static void
look(const char *name, const void *block, size_t bytes)
{
	uint64_t seen = 0;

	find_nodes(block, bytes, &seen);
	print_nodes(name, bytes, seen);
}

/* Each key has a place in the index, which has a place in the table. */
static uint64_t
round_of(const uint32_t *index, const uint64_t *table, uint64_t sum)
{
	for (uint32_t i = 0; i < MIB; i++) {
		uint32_t key = (uint32_t)(i * 2654435761u) % (uint32_t)MIB;

		sum += table[index[key]];
	}
	return sum;
}

int
main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 10;
	uint64_t *keys, *table, sum = 0, seen = 0;
	uint32_t *index;
	char *answers[PIECES];

	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		return print_help();
	keys = check(malloc(16 * MIB));
	table = check(malloc(8 * MIB));
	index = check(malloc(4 * MIB));
	for (size_t i = 0; i < 2 * MIB; i++)
		keys[i] = i;
	for (uint32_t i = 0; i < MIB; i++) {
		table[i] = keys[2 * i];
		index[i] = (uint32_t)MIB - 1 - i;
	}
	for (int i = 0; i < PIECES; i++) {
		answers[i] = check(malloc(PIECE));
		memset(answers[i], i, PIECE);
	}
	for (int i = 0; i < rounds; i++)
		sum = round_of(index, table, sum);
	look("index", index, 4 * MIB);
	look("table", table, 8 * MIB);
	look("keys", keys, 16 * MIB);
	for (int i = 0; i < PIECES; i++)
		find_nodes(answers[i], PIECE, &seen);
	print_nodes("answers", PIECES * PIECE, seen);
	for (int i = 0; i < PIECES; i++)
		free(answers[i]);
	free(index);
	free(table);
	free(keys);
	return sum == 0;
}
