/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shim_burst.c - what a burst of blocks took is the system's again as soon as
 * they are freed, and not seconds later.
 */
#include "shim_check.h"

#define MIB ((size_t)1 << 20)
#define BLOCKS 48

/* Pages of the process that are in memory, in MiB. */
static size_t
resident(void)
{
	char text[128] = "";
	size_t pages = 0;
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);

	if (read(fd, text, sizeof(text) - 1) > 0)
		sscanf(text, "%*u %zu", &pages);
	close(fd);
	return pages * (size_t)getpagesize() / MIB;
}

int
main(void)
{
	size_t before = resident();
	void *blocks[BLOCKS];

	for (int i = 0; i < BLOCKS; i++) {
		blocks[i] = malloc(MIB);
		if (blocks[i] != NULL)
			memset(blocks[i], 1, MIB);
	}
	CHECK("the burst took memory", resident() >= before + BLOCKS);
	for (int i = 0; i < BLOCKS; i++)
		free(blocks[i]);
	CHECK("and gave it back", resident() < before + BLOCKS / 4);
	return failures != 0;
}
