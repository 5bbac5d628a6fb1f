/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shim_early_library.c - allocates before the shim has a pool. Linked with -z
 * initfirst and found after the shim, it is the one whose constructor runs
 * first.
 */
#include "shim_early.h"

struct early early[EARLY_BLOCKS];
int early_count;

static __attribute__((constructor)) void
begin(void)
{
	for (size_t size = 1; size <= EARLY_LARGEST; size *= 3)
		for (int copies = 0; copies < EARLY_COPIES; copies++) {
			early[early_count].block = malloc(size);
			memset(early[early_count].block, 'e', size);
			early[early_count++].size = size;
		}
}
