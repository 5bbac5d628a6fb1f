/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * first.c - a first program: a kind with a limit, what it holds when that is
 * reached, and that freed memory can be had again.
 *
 *	cc first.c -o first $(pkg-config --cflags --libs libpoolkind)
 *	./first [SPEC]            for example ./first file:/tmp,size=8M
 */
#include <poolkind.h>
#include <stdio.h>
#include <string.h>

static int
print_help(void)
{
	puts("usage: first [SPEC]\n\n"
	     "Takes blocks from a kind with a limit until it is full,\n"
	     "frees them, and takes one large block in their place. SPEC\n"
	     "says what kind: dram,limit=8M if nothing else is asked for.");
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		return print_help();
	const char *spec = argc > 1 ? argv[1] : "dram,limit=8M";
	struct poolkind_stats stats;
	void *last = NULL, *block;
	unsigned blocks = 0;

	/* A kind is opened from a text. When that fails, the sentence says
	 * what was wrong and what would have been right. */
	poolkind *kind = poolkind_open(spec, 0);
	if (kind == NULL) {
		fprintf(stderr, "first: %s\n", poolkind_errormsg());
		return 1;
	}

	/* Blocks come from it until it is full: then the answer is NULL. Each
	 * block holds the address of the one before. */
	while ((block = poolkind_malloc(kind, 50000)) != NULL) {
		memset(block, 0, 50000);
		memcpy(block, &last, sizeof(last));
		last = block;
		blocks++;
	}
	poolkind_get_stats(kind, &stats, sizeof(stats));
	printf("%s: %u blocks, %zu bytes live of %zu committed\n",
	    poolkind_text(kind), blocks, stats.live, stats.committed);

	/* What is given back can be had again, in any size. */
	while (last != NULL) {
		memcpy(&block, last, sizeof(block));
		poolkind_free(kind, last);
		last = block;
	}
	block = poolkind_malloc(kind, 4000000);
	printf("then one of 4000000 bytes: %s\n", block ? "yes" : "no");

	/* Closing takes all that is left along. */
	return poolkind_close(kind) == 0 && block != NULL ? 0 : 1;
}
