/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shim_early.c - blocks from before the pool existed are blocks like others:
 * freed, resized to anything, asked for their size, also by other threads.
 */
#include <malloc.h>
#include <pthread.h>

#include "shim_early.h"

/* Block I of each size has a fate of its own. */
static bool
use(int i)
{
	struct early *e = &early[i];
	size_t other;

	if (malloc_usable_size(e->block) < e->size ||
	    !all_bytes(e->block, 'e', e->size))
		return false;
	switch (i % EARLY_COPIES) {
	case 0:
		free(e->block);
		return true;
	case 1:
		other = e->size * 2;
		break;
	case 2:
		other = e->size / 2 + 1;
		break;
	case 3:
		other = e->size;
		break;
	default:
		return realloc(e->block, 0) == NULL;
	}
	e->block = realloc(e->block, other);
	other = other < e->size ? other : e->size;
	if (!in_pool(e->block, other) || !all_bytes(e->block, 'e', other))
		return false;
	free(e->block);
	return true;
}

static void *
use_half(void *good)
{
	*(bool *)good = true;
	for (int i = 0; i < early_count / 2; i++)
		if (!use(i))
			*(bool *)good = false;
	return NULL;
}

int
main(void)
{
	pthread_t id;
	bool good, outside = early_count > 50;

	for (int i = 0; i < early_count; i++)
		if (in_pool(early[i].block, 1))
			outside = false;
	CHECK("there are blocks from before the pool", outside);
	pthread_create(&id, NULL, use_half, &good);
	pthread_join(id, NULL);
	CHECK("another thread frees and resizes them", good);
	for (int i = early_count / 2; i < early_count; i++)
		if (!use(i))
			good = false;
	CHECK("the first thread frees and resizes them", good);

	/* What it cached before must not come out again. */
	for (int i = 0; i < 100000; i++)
		if (i % 1000 == 0 && !in_pool(malloc((size_t)i % 5000), 1))
			good = false;
	CHECK("all later blocks are in the pool", good);
	return failures != 0;
}
