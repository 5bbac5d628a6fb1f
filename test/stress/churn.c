/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * churn - many threads allocate, resize, hand over and free blocks of kinds.
 *
 *	churn THREADS STEPS MOST SPEC...
 *
 * Every block carries its size and a pattern at both ends, which is looked at
 * whenever the block is touched. Blocks go from thread to thread through a
 * table. Every so often a thread frees all that it can find and trims, so that
 * kinds grow and shrink all the time. Ends with 0 if no block was changed,
 * every kind is empty in the end, and its records are sound.
 */
#include <poolkind.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS 8192
#define KINDS_MAX 64

struct block {
	size_t size;
	size_t check; /* the complement; the last byte of the block as well */
};

static _Atomic(struct block *) table[SLOTS];
static poolkind *kinds[KINDS_MAX];
static unsigned kind_count;
static size_t steps, most;
static _Atomic unsigned long wrong, refused;

static unsigned
next_random(unsigned *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 7;
}

static void
sign(struct block *block, size_t size)
{
	block->size = size;
	block->check = ~size;
	((unsigned char *)block)[size - 1] = (unsigned char)(size | 1);
}

static void
look_at(const struct block *block, size_t size)
{
	if (block->size != size || block->check != ~size ||
	    ((const unsigned char *)block)[size - 1] !=
		(unsigned char)(size | 1))
		atomic_fetch_add(&wrong, 1);
}

/* Most blocks are small; the rest go up to the most, at all magnitudes. */
static size_t
any_size(unsigned *seed)
{
	size_t size = next_random(seed) % 1000;

	if (next_random(seed) % 16 == 0)
		size = next_random(seed) % (most >> next_random(seed) % 10);
	return size + sizeof(struct block) + 1;
}

static struct block *
any_block(unsigned *seed)
{
	poolkind *kind = kinds[next_random(seed) % kind_count];
	size_t size = any_size(seed);
	struct block *block;

	switch (next_random(seed) % 4) {
	case 0:
		block = poolkind_calloc(kind, 1, size);
		for (size_t i = 0; block != NULL && i < size; i += 509)
			if (((char *)block)[i] != 0)
				atomic_fetch_add(&wrong, 1);
		break;
	case 1:
		block = poolkind_aligned_alloc(
		    kind, (size_t)16 << next_random(seed) % 10, size);
		break;
	default:
		block = poolkind_malloc(kind, size);
	}
	if (block == NULL)
		atomic_fetch_add(&refused, 1);
	else
		sign(block, size);
	return block;
}

/* Resizes, now and then into another kind. */
static struct block *
resized(struct block *block, unsigned *seed)
{
	poolkind *kind = next_random(seed) % 4 ?
	    NULL :
	    kinds[next_random(seed) % kind_count];
	size_t old = block->size, size = any_size(seed);
	struct block *moved = poolkind_realloc(kind, block, size);

	if (moved == NULL)
		return block;
	if (moved->size != old || moved->check != ~old)
		atomic_fetch_add(&wrong, 1);
	sign(moved, size);
	return moved;
}

static void
clear_table(void)
{
	for (unsigned i = 0; i < SLOTS; i++) {
		struct block *block = atomic_exchange(&table[i], NULL);

		if (block == NULL)
			continue;
		look_at(block, block->size);
		poolkind_free(i % 2 ? NULL : poolkind_of(block), block);
	}
}

static void *
work(void *number)
{
	unsigned seed = 77777 * (unsigned)(size_t)number + 1;

	for (size_t step = 0; step < steps; step++) {
		struct block *block = NULL;

		if (next_random(&seed) % 8 != 0)
			block = any_block(&seed);
		block = atomic_exchange(
		    &table[next_random(&seed) % SLOTS], block);
		if (block != NULL) {
			look_at(block, block->size);
			if (next_random(&seed) % 8 == 0)
				block = resized(block, &seed);
			poolkind_free(NULL, block);
		}
		if (next_random(&seed) % 40000 == 0) {
			clear_table();
			poolkind_trim(kinds[next_random(&seed) % kind_count]);
		}
	}
	return NULL;
}

static int
verdict(void)
{
	struct poolkind_stats stats;
	int bad = wrong != 0;

	for (unsigned i = 0; i < kind_count; i++) {
		poolkind_get_stats(kinds[i], &stats, sizeof(stats));
		if (stats.live != 0 || poolkind_check(kinds[i]) != 0) {
			printf("%s: %zu bytes live, %s\n",
			    poolkind_text(kinds[i]), stats.live,
			    poolkind_errormsg());
			bad = 1;
		}
		if (poolkind_trim(kinds[i]) != 0 ||
		    poolkind_close(kinds[i]) != 0)
			bad = 1;
	}
	printf("%lu blocks were wrong, %lu refused\n", wrong, refused);
	return bad;
}

int
main(int argc, char **argv)
{
	pthread_t threads[256];
	unsigned count;

	if (argc < 5 || argc - 4 > KINDS_MAX) {
		fprintf(stderr, "usage: churn THREADS STEPS MOST SPEC...\n");
		return 2;
	}
	count = (unsigned)atoi(argv[1]);
	steps = strtoul(argv[2], NULL, 10);
	most = strtoul(argv[3], NULL, 10);
	for (int i = 4; i < argc; i++) {
		kinds[kind_count] = poolkind_open(argv[i], 0);
		if (kinds[kind_count++] == NULL) {
			puts(poolkind_errormsg());
			return 2;
		}
	}
	for (unsigned i = 0; i < count && i < 256; i++)
		pthread_create(&threads[i], NULL, work, (void *)(size_t)i);
	for (unsigned i = 0; i < count && i < 256; i++)
		pthread_join(threads[i], NULL);
	clear_table();
	return verdict();
}
