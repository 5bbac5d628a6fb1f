/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shim_life.c - blocks at the beginning and the end of a process: constructors
 * and destructors of its libraries (the first argument is one to open), of
 * itself, exit handlers, destructors of threads.
 */
#include <dlfcn.h>
#include <pthread.h>

#include "shim_check.h"

static pthread_key_t key;

/* Runs again and again until the C library gives up: by then jemalloc's own
 * state of the thread is long gone. */
static void
late(void *rounds)
{
	char *block = malloc(300), *large = calloc(1, 100000), *again;
	void *aligned = NULL;

	CHECK("block of a thread's last destructors",
	    in_pool(block, 300) && in_pool(large, 100000) &&
		all_bytes(large, 0, 100000));
	memset(block, 'b', 300);
	again = realloc(block, 90000);
	CHECK("block that is resized there",
	    in_pool(again, 90000) && all_bytes(again, 'b', 300));
	CHECK("aligned block there",
	    posix_memalign(&aligned, 4096, 10) == 0 && in_pool(aligned, 10));
	free(aligned);
	free(large);
	free(again);
	if ((intptr_t)rounds > 1)
		pthread_setspecific(key, (char *)rounds - 1);
}

static void *
thread(void *rounds)
{
	free(malloc(100));
	pthread_setspecific(key, rounds);
	return NULL;
}

/* A thread that only frees, and allocates when it ends. */
static void *
freeing_thread(void *block)
{
	free(block);
	pthread_setspecific(key, (void *)3);
	return NULL;
}

static void *
idle_thread(void *barrier)
{
	pthread_barrier_wait(barrier);
	return NULL;
}

/* Threads that neither allocate nor free, and end at once: of their stacks libc
 * keeps no more than 40 MB, and frees what belongs to the others in threads
 * whose destructors have run. Those that it keeps serve the next threads. */
static void
check_idle_threads(void)
{
	enum { TOGETHER = 12, ROUNDS = 40 };
	pthread_barrier_t barrier;
	pthread_attr_t attributes;
	bool made = true;
	pthread_t id;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, (size_t)8 << 20);
	pthread_barrier_init(&barrier, NULL, TOGETHER + 1);
	for (int i = 0; i < ROUNDS && made; i++) {
		for (int j = 0; j < TOGETHER; j++)
			made &= pthread_create(&id, &attributes, idle_thread,
				    &barrier) == 0;
		if (made)
			pthread_barrier_wait(&barrier);
	}
	CHECK("threads that do nothing", made);
}

static void
check_threads(void)
{
	pthread_t id;

	pthread_key_create(&key, late);
	pthread_create(&id, NULL, thread, (void *)4);
	pthread_join(id, NULL);
	pthread_create(&id, NULL, freeing_thread, malloc(1000));
	pthread_join(id, NULL);
	check_idle_threads();
}

static __attribute__((constructor)) void
begin(void)
{
	char *p = malloc(64);

	CHECK("the program's constructor", in_pool(p, 64));
	free(p);
}

static void
check_last(const char *what)
{
	char *p = malloc(64), *q = malloc(1 << 20);

	CHECK(what, in_pool(p, 64) && in_pool(q, 1 << 20));
	free(p);
	free(q);
	if (failures != 0)
		_exit(98);
}

static __attribute__((destructor)) void
end(void)
{
	check_last("the program's destructor");
}

static void
at_exit(void)
{
	check_last("an exit handler");
}

int
main(int argc, char **argv)
{
	atexit(at_exit);
	check_threads();
	for (int i = 1; i < argc; i++)
		CHECK("a library is opened", dlopen(argv[i], RTLD_NOW));
	return failures != 0;
}
