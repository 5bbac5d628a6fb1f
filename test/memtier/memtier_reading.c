/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memtier_reading.c - what each tier has, as memtier counts it and as its kind
 * does, when the machine was read in between: what reads it calls malloc, in
 * whose place libmemtier is, with a file as its second tier.
 */
#include <hbwmalloc.h>
#include <memkind_memtier.h>

#include "preload_check.h"

#define BLOCKS 64

/* Bytes of the kind that memtier does not count. */
static size_t
uncounted(memkind_t kind)
{
	size_t live = 0;

	memkind_update_cached_stats();
	memkind_get_stat(kind, MEMKIND_STAT_TYPE_ALLOCATED, &live);
	return live - memtier_kind_allocated_size(kind);
}

int
main(void)
{
	memkind_t kinds[2] = { MEMKIND_DEFAULT, MEMKIND_DEFAULT };
	void *volatile blocks[BLOCKS];
	size_t before[2];

	for (int i = 0; i < BLOCKS; i++) {
		blocks[i] = malloc(1000);
		if (memkind_detect_kind(blocks[i]) != MEMKIND_DEFAULT)
			kinds[1] = memkind_detect_kind(blocks[i]);
	}
	CHECK("there are two tiers", kinds[1] != MEMKIND_DEFAULT);
	for (int i = 0; i < 2; i++)
		before[i] = uncounted(kinds[i]);
	CHECK("of the second all is counted", before[1] == 0);
	hbw_check_available();
	for (int i = 0; i < 2; i++)
		CHECK("the machine was read, and no byte is lost",
		    uncounted(kinds[i]) == before[i]);
	for (int i = 0; i < BLOCKS; i++)
		free(blocks[i]);
	return failures != 0;
}
