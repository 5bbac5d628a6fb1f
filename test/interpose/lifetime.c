/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lifetime.c - blocks from the first constructor to the last destructor, and
 * over forks.
 */
#include <malloc.h>
#include <pthread.h>
#include <sys/wait.h>

#include "lifetime.h"
#include "watch.h"

#define THREADS 4
#define FORKS 30

static pthread_key_t key;
static volatile bool stop;

/* ---- Blocks from before the settings were read --------------------------- */

static bool
use_early(int i)
{
	struct early *e = &early[i];
	size_t other = i % 4 == 1 ? e->size * 3 : e->size / 2 + 1;

	if (malloc_usable_size(e->block) < e->size ||
	    !all_bytes(e->block, 'e', e->size))
		return false;
	if (i % 4 == 3) {
		free(e->block);
		return true;
	}
	e->block = realloc(e->block, other);
	if (!is_ours(e->block) ||
	    !all_bytes(e->block, 'e', other < e->size ? other : e->size))
		return false;
	free(e->block);
	return true;
}

static void
check_early(void)
{
	bool good = true;

	for (int i = 0; i < EARLY_BLOCKS; i++)
		good = use_early(i) && good;
	CHECK("blocks of the first constructor are blocks like others", good);
	early_join();
	CHECK("a thread allocated since the first constructor", true);
}

/* ---- Threads ------------------------------------------------------------- */

/* Runs until the C library gives up. */
static void
late(void *rounds)
{
	char *small = malloc(300), *large = calloc(1, 2 << 20);

	memset(small, 'b', 300);
	small = realloc(small, 1 << 20);
	CHECK("blocks of a thread's last destructors",
	    is_ours(small) && is_ours(large) && all_bytes(small, 'b', 300) &&
		all_bytes(large, 0, 2 << 20));
	free(large);
	free(small);
	pthread_setspecific(key, rounds);
}

static void *
short_life(void *unused)
{
	pthread_setspecific(key, &key);
	free(malloc(100));
	return unused;
}

static void
check_thread_exit(void)
{
	pthread_t id;

	pthread_key_create(&key, late);
	pthread_create(&id, NULL, short_life, NULL);
	pthread_join(id, NULL);
}

/* ---- Forks --------------------------------------------------------------- */

static void *
churn(void *seed)
{
	char *kept[64] = { NULL };
	unsigned random = (unsigned)(intptr_t)seed;

	while (!stop) {
		random = random * 1103515245 + 12345;
		unsigned i = random >> 20 & 63;
		size_t size = random >> 26 == 0 ? 3 << 20 : random >> 8 & 32767;

		kept[i] = realloc(kept[i], size + 1);
		kept[i][0] = 1;
		kept[i][size] = 1;
		if (random >> 28 == 0)
			usleep(100); /* leave the machine to others, too */
	}
	for (int i = 0; i < 64; i++)
		free(kept[i]);
	return NULL;
}

static int
child(void)
{
	for (size_t size = 1; size < 4 << 20; size *= 3) {
		char *p = malloc(size);

		if (!is_ours(p))
			return 1;
		memset(p, 1, size);
		free(p);
	}
	return 0;
}

static void
check_forks(void)
{
	pthread_t ids[THREADS];
	bool good = true;
	int status;

	for (intptr_t i = 0; i < THREADS; i++)
		pthread_create(&ids[i], NULL, churn, (void *)i);
	for (int i = 0; i < FORKS && good; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(child());
		good = watch_wait(pid, 60, &status) == NULL && status == 0;
	}
	stop = true;
	for (int i = 0; i < THREADS; i++)
		pthread_join(ids[i], NULL);
	CHECK("children of a program with threads have a heap", good);
}

/* ---- The end ------------------------------------------------------------- */

static void
at_exit(void)
{
	char *p = malloc(64), *q = malloc(2 << 20);

	if (!is_ours(p) || !is_ours(q))
		_exit(97);
	free(p);
	free(q);
}

int
main(void)
{
	atexit(at_exit);
	check_early();
	check_thread_exit();
	check_forks();
	return failures != 0;
}
