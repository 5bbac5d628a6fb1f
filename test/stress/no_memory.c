/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * no_memory LIBRARY - a thread that has no record with the engine yet, in a
 * process in which there is no memory any more, and in which the library was
 * loaded when 40 thread keys were taken: a block or NULL, and nothing said.
 */
#include <dlfcn.h>
#include <poolkind.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define KEYS 40

static void *(*allocate)(poolkind *, size_t);
static void (*release)(poolkind *, void *);
static poolkind *kind;

static void
use_up_memory(void)
{
	struct rlimit none = { 1 << 20, 1 << 20 };

	setrlimit(RLIMIT_AS, &none);
	for (size_t size = 1 << 20; size >= 16; size /= 2)
		while (malloc(size) != NULL)
			continue;
}

static void *
use(void *unused)
{
	void *block;

	(void)unused;
	use_up_memory();
	for (size_t size = 8; size < 1000000; size *= 2) {
		block = allocate(kind, size);
		if (block != NULL)
			memset(block, 1, size);
		release(kind, block);
	}
	return NULL;
}

int
main(int argc, char **argv)
{
	poolkind *(*open_kind)(const char *, unsigned);
	pthread_key_t key;
	pthread_t thread;
	void *library;

	for (int i = 0; i < KEYS; i++)
		pthread_key_create(&key, NULL);
	library = argc < 2 ? NULL : dlopen(argv[1], RTLD_NOW);
	if (library == NULL)
		return 2;
	*(void **)&open_kind = dlsym(library, "poolkind_open");
	*(void **)&allocate = dlsym(library, "poolkind_malloc");
	*(void **)&release = dlsym(library, "poolkind_free");
	kind = open_kind("dram,size=16M", 0);
	if (kind == NULL)
		return 3;
	release(kind, allocate(kind, 100));
	if (pthread_create(&thread, NULL, use, NULL) != 0)
		return 4;
	pthread_join(thread, NULL);
	return 0;
}
