/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shim_full.c - a pool that runs full says so, and what was freed can be had
 * again: in any size, by any thread. The first argument is what the pool
 * holds, in MiB; the second one a file to be written first, of 6 MiB, that
 * takes the rest of the file system.
 */
#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "shim_check.h"

#define MIB ((size_t)1 << 20)
#define THREADS 16

static size_t pool_bytes;

struct block {
	struct block *next;
};

/* Takes blocks of SIZE until there are no more; returns how many bytes. */
static size_t
fill(struct block **list, size_t size)
{
	struct block *block;
	size_t bytes = 0;

	*list = NULL;
	while ((block = malloc(size)) != NULL) {
		block->next = *list;
		*list = block;
		bytes += size;
	}
	return bytes;
}

static void
free_all(struct block *list)
{
	struct block *next;

	for (; list != NULL; list = next) {
		next = list->next;
		free(list);
	}
}

/* Sizes that follow each other are taken from what the last one left: pages
 * that went back to the pool as time went by, the others when it ran full.
 * Where two such pieces met, up to one block has no room. */
#define PIECES 3

static void
check_sizes(void)
{
	static const size_t sizes[] = {
		1 << 20,
		16,
		1 << 20,
		64,
		65536,
		256,
		4096,
		1024,
		16,
		98304,
	};
	static bool used_before;
	struct block *list;
	char what[80];

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t fit = pool_bytes / sizes[i] * sizes[i];
		/* The C library holds a few pages of its own. */
		size_t lost = 128 * 1024 + fit / 50 +
		    (used_before ? PIECES : 1) * sizes[i];
		size_t bytes;

		errno = 0;
		bytes = fill(&list, sizes[i]);
		snprintf(what, sizeof(what), "blocks of %zu fill the pool: %zu",
		    sizes[i], bytes / sizes[i]);
		CHECK(what, errno == ENOMEM && bytes + lost >= fit);
		free_all(list);
		used_before = true;
	}
}

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* In a pool that is full, and stays so, NULL costs next to nothing. The bound
 * is a thousand times what it should take. */
static void
check_answer(void)
{
	struct block *list, *rest, *one;
	double start;

	fill(&list, 65536);
	fill(&rest, 16);
	start = seconds();
	for (int i = 0; i < 10000; i++)
		if (malloc(65536) != NULL)
			abort();
	CHECK("a full pool answers NULL at once", seconds() - start < 10);
	one = list->next;
	list->next = one->next;
	free(one);
	one = malloc(60000);
	CHECK("the moment something is freed, it can be had", one != NULL);
	free(one);
	free_all(rest);
	free_all(list);
}

static void
check_resize(void)
{
	struct block *list, *rest;
	char *p = malloc(MIB);
	void *q;

	memset(p, 'r', MIB);
	fill(&list, 65536);
	fill(&rest, 16);
	errno = 0;
	CHECK("realloc in a full pool fails and keeps the block",
	    realloc(p, 2 * MIB) == NULL && errno == ENOMEM &&
		all_bytes(p, 'r', MIB));
	CHECK("calloc in a full pool fails", calloc(1, 70000) == NULL);
	q = p;
	CHECK("posix_memalign in a full pool fails",
	    posix_memalign(&q, 4096, 70000) == ENOMEM && q == NULL);
	errno = 7;
	p = realloc(p, 100);
	CHECK("a block can be made smaller in a full pool",
	    p != NULL && errno == 7 && all_bytes(p, 'r', 100));
	free_all(rest);
	free_all(list);
	p = realloc(p, 2 * MIB);
	CHECK("after everything is freed it can grow",
	    p != NULL && all_bytes(p, 'r', 100));
	free(p);
}

static pthread_barrier_t barrier;

/* Fills and frees, several sizes, and stays alive with what it cached. */
static void *
fill_and_stay(void *seed)
{
	struct block *list;

	for (int round = 0; round < 8; round++) {
		size_t size = (size_t)16 << ((round + (intptr_t)seed) % 12);

		fill(&list, size);
		free_all(list);
	}
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	return NULL;
}

static void *
take_large(void *bytes)
{
	void *p = malloc(*(size_t *)bytes);
	bool good = p != NULL;

	free(p);
	return (void *)(intptr_t)good;
}

/* What others freed: a part of it lies in their caches, a sixteenth at most. */
static void
check_threads(void)
{
	pthread_t ids[THREADS], another;
	size_t large = pool_bytes * 8 / 14;
	void *good;

	pthread_barrier_init(&barrier, NULL, THREADS + 1);
	for (intptr_t i = 0; i < THREADS; i++)
		pthread_create(&ids[i], NULL, fill_and_stay, (void *)i);
	pthread_barrier_wait(&barrier);
	pthread_create(&another, NULL, take_large, &large);
	pthread_join(another, &good);
	CHECK("with 16 idle threads, a new one gets more than half the pool",
	    good != NULL);
	struct block *list;
	size_t bytes = fill(&list, 4096);

	free_all(list);
	CHECK("and this one gets nearly all of it",
	    bytes >= pool_bytes * 88 / 100);
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < THREADS; i++)
		pthread_join(ids[i], NULL);
}

/* One thread's free blocks lie between blocks that it keeps. */
static void *
free_every_second(void *list)
{
	struct block *block = list, *next;

	while (block != NULL && block->next != NULL) {
		next = block->next->next;
		free(block->next);
		block->next = next;
		block = next;
	}
	return NULL;
}

static void
check_between(void)
{
	struct block *list, *mine;
	void *room = malloc(65536); /* for the thread itself */
	pthread_t id;
	size_t bytes = fill(&list, 48);

	free(room);
	pthread_create(&id, NULL, free_every_second, list);
	pthread_join(id, NULL);
	CHECK("blocks that another thread freed between others can be had",
	    fill(&mine, 48) >= bytes * 2 / 5);
	free_all(mine);
	free_all(list);
}

static void *
fill_here(void *bytes)
{
	struct block *list;

	*(size_t *)bytes = fill(&list, 48);
	return list;
}

/* As above, but they lie in an arena that is not this thread's. */
static void
check_between_arenas(void)
{
	struct block *mine;
	size_t bytes;
	void *list;
	pthread_t id;

	pthread_create(&id, NULL, fill_here, &bytes);
	pthread_join(id, &list);
	free_every_second(list);
	CHECK("the same, in the arena of another thread",
	    fill(&mine, 48) >= bytes * 2 / 5);
	free_all(mine);
	free_all(list);
}

/* Takes an eighth of the pool, page by page, at the same time as another. */
static void *
take_pages(void *all_there)
{
	struct block *list = NULL;
	bool good = true;

	pthread_barrier_wait(&barrier);
	for (size_t got = 0; got < pool_bytes / 8 && good; got += 4096) {
		struct block *block = malloc(4096);

		good = block != NULL;
		if (good) {
			block->next = list;
			list = block;
		}
	}
	free_all(list);
	*(bool *)all_there = good;
	return NULL;
}

/* The first of two that find no room gives all back that was freed; the second
 * must not be told NULL meanwhile. */
static void
check_together(void)
{
	int told_null = 0;

	pthread_barrier_init(&barrier, NULL, 2);
	for (int round = 0; round < 20; round++) {
		struct block *list;
		bool good[2];
		pthread_t ids[2];

		fill(&list, 4096);
		free_every_second(list);
		for (int i = 0; i < 2; i++)
			pthread_create(&ids[i], NULL, take_pages, &good[i]);
		for (int i = 0; i < 2; i++)
			pthread_join(ids[i], NULL);
		free_all(list);
		told_null += !good[0] + !good[1];
	}
	CHECK("two threads at once find what another freed", told_null == 0);
}

static void
write_filler(const char *name)
{
	static const char page[4096];
	int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	for (size_t i = 0; i < 6 * MIB; i += sizeof(page))
		if (write(fd, page, sizeof(page)) != sizeof(page))
			abort();
	close(fd);
}

int
main(int argc, char **argv)
{
	pool_bytes = strtoul(argv[1], NULL, 10) * MIB;
	if (argc > 2)
		write_filler(argv[2]);
	check_sizes();
	check_answer();
	check_resize();
	check_between();
	check_between_arenas();
	check_threads();
	check_together();
	check_sizes();
	return failures != 0;
}
