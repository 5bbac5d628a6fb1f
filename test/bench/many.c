/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * many.c - workloads over many pools: blocks of all of them, freed with and
 * without their pool's name, the pool of a pointer, the life of a pool, and of
 * as many as can be at a time. See work.h.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "work.h"

#define POOLS_MAX 1000
#define MANY_BYTES (16 * MIB)
#define SLOTS 8192

static struct pool many[POOLS_MAX];
static size_t many_open;

struct slot {
	void *ptr;
	size_t pool;
};

struct many_state {
	struct slot slot[SLOTS];
	handle own[POOLS_MAX];
};

static void
open_many(size_t count)
{
	char why[64];

	if (!pools_can_be_many())
		no_figure("not more than one pool");
	for (; many_open < count; many_open++)
		if (!pool_open(&many[many_open], MANY_BYTES)) {
			snprintf(why, sizeof(why), "no pool after %zu of them",
			    many_open);
			no_figure(why);
		}
}

/* 16 to 128 bytes, of any pool. */
static void
take(struct worker *worker, struct slot *slot)
{
	struct many_state *state = worker->state;
	size_t size = (size_t)16 << random_below(&worker->random, 4);

	slot->pool = random_below(&worker->random, worker->work->count);
	slot->ptr = signed_block(
	    block_new(state->own[slot->pool], size), &slot->ptr);
}

static void
many_prepare(struct worker *worker)
{
	struct many_state *state = need(region_new(sizeof(*state)));

	worker->state = state;
	for (size_t i = 0; i < worker->work->count; i++)
		state->own[i] = pool_enter(&many[i]);
	for (size_t i = 0; i < SLOTS; i++)
		take(worker, &state->slot[i]);
}

static void
many_finish(struct worker *worker)
{
	struct many_state *state = worker->state;

	for (size_t i = 0; i < SLOTS; i++)
		block_free(state->own[state->slot[i].pool], state->slot[i].ptr);
	for (size_t i = 0; i < worker->work->count; i++)
		pool_leave(state->own[i]);
	munmap(state, sizeof(*state));
}

static struct slot *
any_slot(struct worker *worker)
{
	struct many_state *state = worker->state;
	struct slot *slot = &state->slot[random_below(&worker->random, SLOTS)];

	signature_checked(slot->ptr, &slot->ptr);
	return slot;
}

static size_t
named_batch(struct worker *worker)
{
	struct many_state *state = worker->state;

	for (int i = 0; i < 256; i++) {
		struct slot *slot = any_slot(worker);

		block_free(state->own[slot->pool], slot->ptr);
		take(worker, slot);
	}
	return 256;
}

static size_t
unnamed_batch(struct worker *worker)
{
	for (int i = 0; i < 256; i++) {
		struct slot *slot = any_slot(worker);

		block_free_unnamed(slot->ptr);
		take(worker, slot);
	}
	return 256;
}

/* Blocks of the one pool that all have. */
static size_t
unnamed_pair_batch(struct worker *worker)
{
	for (int i = 0; i < 512; i++) {
		char *ptr = need(block_new(worker->own, worker->work->size));

		*ptr = 1;
		block_free_unnamed(ptr);
	}
	return 512;
}

static size_t
owner_batch(struct worker *worker)
{
	const void *sum = NULL;

	for (int i = 0; i < 256; i++) {
		sum = block_owner(any_slot(worker)->ptr);
		__asm__ volatile("" : : "r"(sum));
		if (sum == NULL)
			no_figure("no way to ask for a block's pool");
	}
	return 256;
}

static size_t
lifetime_batch(struct worker *worker)
{
	struct pool pool;
	handle own;

	(void)worker;
	if (!pool_open(&pool, MANY_BYTES))
		no_figure("a pool cannot be opened");
	own = pool_enter(&pool);
	block_free(own, need(block_new(own, 100)));
	pool_leave(own);
	pool_close(&pool);
	return 1;
}

/* ---- Groups -------------------------------------------------------------- */

#define MANY(batch) many_prepare, batch, many_finish

void
few_pools(unsigned threads)
{
	static const struct work one[] = {
		{ "64 B, free without kind", .batch = unnamed_pair_batch,
		    .size = 64 },
		{ "4 KiB, free without kind", .batch = unnamed_pair_batch,
		    .size = 4096 },
	};
	static const struct work hundred[] = {
		{ "open, first block, close", .batch = lifetime_batch },
		{ "100 pools", MANY(named_batch), .count = 100 },
		{ "100, free without kind", MANY(unnamed_batch), .count = 100 },
		{ "the pool of a pointer", MANY(owner_batch), .count = 100 },
	};

	MEASURE_EACH(one, threads);
	open_many(100);
	MEASURE_EACH(hundred, threads);
}

void
many_pools(unsigned threads)
{
	static const struct work thousand = { "1000 pools", MANY(named_batch),
		.count = 1000 };

	open_many(1000);
	measure(&thousand, threads);
}

/* ---- As many as can be --------------------------------------------------- */

#define ALIVE_MAX 4000
#define FORKS 3

static struct pool alive[ALIVE_MAX];
static handle alive_own[ALIVE_MAX];
static void *alive_block[ALIVE_MAX];

/* Prints microseconds for each of COUNT since START, and starts anew. */
static double
print_each(const char *what, size_t count, double start)
{
	printf("%s, us\t%.2f\n", what,
	    (now() - start) / 1e3 / (double)(count == 0 ? 1 : count));
	return now();
}

static void
print_fork(void)
{
	double taken = 0;

	for (int i = 0; i < FORKS; i++) {
		double start = now();
		pid_t child = fork();

		if (child == 0)
			_exit(EXIT_SUCCESS);
		taken += now() - start;
		waitpid(child, NULL, 0);
	}
	printf("fork with all of them, ms\t%.2f\n", taken / 1e6 / FORKS);
}

void
alive_pools(unsigned threads)
{
	size_t count = 0, most = work_quick ? 400 : ALIVE_MAX;
	size_t before = held();
	double start = now();

	(void)threads;
	if (!pools_can_be_many())
		no_figure("not more than one pool");
	while (count < most && pool_open(&alive[count], MANY_BYTES))
		count++;
	start = print_each("open, of many", count, start);
	for (size_t i = 0; i < count; i++) {
		alive_own[i] = pool_enter(&alive[i]);
		alive_block[i] = need(block_new(alive_own[i], 64));
		*(char *)alive_block[i] = 1;
	}
	print_each("first block, of many", count, start);
	printf("pools alive, \t%zu\n", count);
	printf("held by each, KiB\t%.2f\n",
	    (double)(held() - before) / 1024 / (double)count);
	print_fork();
	start = now();
	for (size_t i = 0; i < count; i++) {
		block_free(alive_own[i], alive_block[i]);
		pool_leave(alive_own[i]);
		pool_close(&alive[i]);
	}
	print_each("close, of many", count, start);
}
