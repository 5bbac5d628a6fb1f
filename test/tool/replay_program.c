/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay_program.c - a program that knows what it allocates, for replay.sh: the
 * word on its command line is what it does. It prints how many calls those are,
 * the most bytes that lived at once, and, of the most that its kinds have taken
 * from the system, the sum; or 0 where it runs without libpoolkind-malloc.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "poolkind.h"

#define THREADS 4
#define BLOCKS 20000

static _Atomic uint64_t calls, live, peak;

/* ---- What is counted ----------------------------------------------------- */

static void
add_live(uint64_t bytes)
{
	uint64_t now = atomic_fetch_add(&live, bytes) + bytes;
	uint64_t most = atomic_load(&peak);

	while (now > most && !atomic_compare_exchange_weak(&peak, &most, now))
		;
}

static void *
counted(void *ptr, size_t size)
{
	calls++;
	add_live(size);
	memset(ptr, 1, size);
	return ptr;
}

static void
give(void *ptr, size_t size)
{
	calls++;
	atomic_fetch_sub(&live, size);
	free(ptr);
}

/* ---- What one thread does ------------------------------------------------ */

static size_t
size_of(unsigned i)
{
	return (i * 7919U) % 2000 + 1 + (i % 97 == 0 ? 40000 : 0);
}

static void *
some_block(unsigned i)
{
	size_t size = size_of(i);

	switch (i % 4) {
	case 0:
		return counted(calloc(1, size), size);
	case 1:
		return counted(aligned_alloc(64, size), size);
	default:
		return counted(malloc(size), size);
	}
}

/* Grows, shrinks, and leaves gaps. */
static void
one_thread(void)
{
	static void *block[BLOCKS];
	static size_t size[BLOCKS];

	for (unsigned i = 0; i < BLOCKS; i++) {
		block[i] = some_block(i);
		size[i] = size_of(i);
	}
	for (unsigned i = 0; i < BLOCKS; i += 3) {
		give(block[i], size[i]);
		block[i] = NULL;
	}
	for (unsigned i = 1; i < BLOCKS; i += 3) {
		size_t now = 2 * size[i] + i % 100;

		atomic_fetch_sub(&live, size[i]);
		block[i] = counted(realloc(block[i], now), now);
		size[i] = now;
	}
	for (unsigned i = 0; i < BLOCKS; i++)
		if (block[i] != NULL)
			give(block[i], size[i]);
}

/* Small ones that take a page each. */
static void
aligned(void)
{
	static void *block[5000];

	for (unsigned i = 0; i < 5000; i++)
		block[i] = counted(aligned_alloc(4096, 64), 64);
	for (unsigned i = 0; i < 5000; i++)
		give(block[i], 64);
}

/* ---- What several do ----------------------------------------------------- */

/* Each puts blocks at random places, and frees what was there: most of that is
 * another one's. */
#define PLACES 65536
static _Atomic(size_t *) shared[PLACES];

static void
give_sized(size_t *block)
{
	if (block != NULL)
		give(block, *block);
}

static void *
work(void *number)
{
	unsigned state = (unsigned)(uintptr_t)number + 1;

	for (unsigned i = 0; i < 2 * PLACES; i++) {
		size_t size, *block;

		state = state * 1664525 + 1013904223;
		size = (state >> 16 & 2047) + sizeof(size);
		block = counted(malloc(size), size);
		*block = size;
		give_sized(
		    atomic_exchange(&shared[state >> 8 & (PLACES - 1)], block));
	}
	return NULL;
}

static void
threads(void)
{
	pthread_t thread[THREADS];

	for (uintptr_t i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, work, (void *)i);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	for (unsigned i = 0; i < PLACES; i++)
		give_sized(shared[i]);
}

/* One thread at a time, of very many. Each has a block that goes when it ends,
 * by the destructor of a key, which is called behind those of earlier keys. */
static pthread_key_t key;

static void
give_last(void *last)
{
	give(last, 1000);
}

static void *
short_work(void *unused)
{
	(void)unused;
	give(counted(malloc(100000), 100000), 100000);
	pthread_setspecific(key, counted(malloc(1000), 1000));
	return NULL;
}

static void
one_by_one(void)
{
	pthread_t thread;

	pthread_key_create(&key, give_last);
	for (unsigned i = 0; i < 3000; i++) {
		pthread_create(&thread, NULL, short_work, NULL);
		pthread_join(thread, NULL);
	}
}

/* ---- What the kinds say -------------------------------------------------- */

static __typeof__(poolkind_get_stats) *get_stats;

static int
add_peak(void *to, poolkind *kind)
{
	struct poolkind_stats stats = { 0 };

	get_stats(kind, &stats, sizeof(stats));
	*(uint64_t *)to += stats.peak;
	return 0;
}

static uint64_t
peak_of_kinds(void)
{
	__typeof__(poolkind_each_kind) *each = dlsym(
	    RTLD_DEFAULT, "poolkind_each_kind");
	uint64_t sum = 0;

	get_stats = dlsym(RTLD_DEFAULT, "poolkind_get_stats");
	if (each != NULL && get_stats != NULL)
		each(add_peak, &sum);
	return sum;
}

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	char line[128];
	int length;

	if (strcmp(what, "one") == 0)
		one_thread();
	else if (strcmp(what, "aligned") == 0)
		aligned();
	else if (strcmp(what, "threads") == 0)
		threads();
	else if (strcmp(what, "one-by-one") == 0)
		one_by_one();
	else
		return 2;
	length = snprintf(line, sizeof(line), "%llu %llu %llu\n",
	    (unsigned long long)calls, (unsigned long long)peak,
	    (unsigned long long)peak_of_kinds());
	return write(STDOUT_FILENO, line, (size_t)length) != length;
}
