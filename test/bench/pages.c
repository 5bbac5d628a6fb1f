/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pages.c - what pages cost. Started by test/bench/run:
 *
 *   pages take TEXT BYTES   a block whose pages its kind takes: ms
 *   pages move kind|kernel  64 MiB from node 0 to node 1 and back, by
 *                           poolkind_move() or by move_pages(2): ns a page
 */
#include <numaif.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <poolkind.h>

#include "clock.h"

#define MOVED ((size_t)64 << 20)
#define ROUNDS 5
#define BATCH 512 /* pages of one call, as poolkind_move() has */

static int
failed(void)
{
	fprintf(stderr, "%s\n", poolkind_errormsg());
	return EXIT_FAILURE;
}

static int
take(const char *text, size_t bytes)
{
	poolkind *kind = poolkind_open(text, 0);
	double start = now();

	if (kind == NULL || poolkind_malloc(kind, bytes) == NULL)
		return failed();
	printf("%zu MiB, ms\t%.1f\n", bytes >> 20, (now() - start) / 1e6);
	return EXIT_SUCCESS;
}

static int
kernel_moves(char *block, size_t page, int node)
{
	void *pages[BATCH];
	int nodes[BATCH], status[BATCH];

	for (size_t at = 0; at < MOVED; at += BATCH * page) {
		for (size_t i = 0; i < BATCH; i++) {
			pages[i] = block + at + i * page;
			nodes[i] = node;
		}
		if (move_pages(0, BATCH, pages, nodes, status, MPOL_MF_MOVE) !=
			0 ||
		    status[0] != node)
			return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

/* Both begin with pages of 4 KiB on node 0, written. */
static int
move(bool by_kind)
{
	poolkind *kind = poolkind_open("nodes:0,page=4K", 0);
	char *block = kind == NULL ? NULL : poolkind_malloc(kind, MOVED);
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	double best = 0;

	if (block == NULL)
		return failed();
	memset(block, 1, MOVED);
	for (int i = 0; i < 2 * ROUNDS; i++) {
		const char *to = i % 2 == 0 ? "nodes:1" : "nodes:0";
		double start = now(), taken;

		if (by_kind ? poolkind_move(kind, to, 0, NULL, 0) != 0 :
			      kernel_moves(block, page, i % 2 == 0))
			return failed();
		taken = (now() - start) / (double)(MOVED / page);
		best = i == 0 || taken < best ? taken : best;
	}
	printf("a page of 64 MiB moved, ns\t%.0f\n", best);
	return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "take") == 0)
		return take(argv[2], strtoul(argv[3], NULL, 10));
	if (argc == 3 && strcmp(argv[1], "move") == 0)
		return move(strcmp(argv[2], "kind") == 0);
	fputs("usage: pages take TEXT BYTES | move kind|kernel\n", stderr);
	return 2;
}
