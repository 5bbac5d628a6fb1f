/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record_late.c - a library whose destructor takes its time to free a half of
 * what it has, when the program's own end is behind it already.
 */
#include <stdlib.h>
#include <unistd.h>

#define BLOCKS 64
#define BYTES (1 << 20)

static void *blocks[BLOCKS];

static __attribute__((constructor, noinline)) void
late_begin(void)
{
	for (unsigned i = 0; i < BLOCKS; i++)
		blocks[i] = malloc(BYTES);
}

static __attribute__((destructor)) void
late_end(void)
{
	for (unsigned i = 0; i < BLOCKS / 2; i++) {
		free(blocks[i]);
		usleep(200);
	}
}
