/* SPDX-License-Identifier: BSD-2-Clause */
/* A block is freed once: freed again at once, or after others were, or as part
 * of a realloc, or after the kind was trimmed. */
#include "misuse.h"

#define BLOCKS 1000

static void
twice(poolkind *kind, const char *what, size_t size)
{
	void *block = poolkind_malloc(kind, size);

	poolkind_free(kind, block);
	poolkind_free(kind, block);
	tell(what);
}

static void
late(poolkind *kind)
{
	static void *block[BLOCKS];
	int told = 0;

	for (int i = 0; i < BLOCKS; i++)
		block[i] = poolkind_malloc(kind, 64);
	for (int i = 0; i < BLOCKS; i++)
		poolkind_free(kind, block[i]);
	for (int i = 0; i < BLOCKS; i++) {
		errno = 0;
		poolkind_free(NULL, block[i]);
		told += errno == EINVAL;
	}
	printf("%d of %d\n", told, BLOCKS);
	errno = 0;
}

int
main(void)
{
	poolkind *kind = open_or_exit("dram,name=one");
	char *block;

	twice(kind, "64", 64);
	twice(kind, "4096", 4096);
	twice(kind, "20000", 20000);
	twice(kind, "1000000", 1000000);
	late(kind);
	block = poolkind_malloc(kind, 64);
	poolkind_free(kind, block);
	if (poolkind_realloc(kind, block, 128) != NULL)
		return 4;
	tell("realloc");
	if (poolkind_usable_size(block) != 0)
		return 5;
	tell("usable size");
	poolkind_trim(kind);
	poolkind_free(kind, block);
	tell("after trim");
	block = poolkind_malloc(kind, 64);
	poolkind_free(kind, block + 6400);
	tell("never handed out");
	poolkind_free(kind, block);
	tell("once");

	go_on();
	return 0;
}
