/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * late_load LIBRARY - loads the library when the program has run for a while,
 * as OpenMP runtimes load theirs: from a thread, with many thread keys taken,
 * with threads that were there before, and beside another that took static TLS.
 * Not linked with the library.
 */
#include <dlfcn.h>
#include <poolkind.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>

static poolkind *(*open_kind)(const char *, unsigned);
static void *(*allocate)(poolkind *, size_t);
static void (*release)(poolkind *, void *);
static int (*close_kind)(poolkind *);
static poolkind *kind;
static sem_t loaded;

static void *
use(void *result)
{
	for (size_t size = 8; size < 1000000; size *= 2) {
		void *block = allocate(kind, size);

		if (block == NULL)
			return NULL;
		memset(block, 1, size);
		release(kind, block);
	}
	return result;
}

static void *
wait_and_use(void *result)
{
	sem_wait(&loaded);
	return use(result);
}

static void *
load(void *path)
{
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (library == NULL) {
		puts(dlerror());
		return NULL;
	}
	open_kind = (poolkind * (*)(const char *, unsigned))
	    dlsym(library, "poolkind_open");
	allocate = (void *(*)(poolkind *, size_t))dlsym(
	    library, "poolkind_malloc");
	release = (void (*)(poolkind *, void *))dlsym(library, "poolkind_free");
	close_kind = (int (*)(poolkind *))dlsym(library, "poolkind_close");
	kind = open_kind("dram", 0);
	/* It stays loaded whatever is asked for. */
	dlclose(library);
	return kind == NULL ? NULL : use(path);
}

int
main(int argc, char **argv)
{
	pthread_t early, loader;
	pthread_key_t key;
	void *result;

	if (argc != 2)
		return 2;
	sem_init(&loaded, 0, 0);
	for (int i = 0; i < 200; i++)
		pthread_key_create(&key, NULL);
	pthread_create(&early, NULL, wait_and_use, argv);
	pthread_create(&loader, NULL, load, argv[1]);
	pthread_join(loader, &result);
	if (result == NULL)
		return 3;
	sem_post(&loaded);
	pthread_join(early, &result);
	if (result == NULL || use(argv) == NULL)
		return 4;
	return close_kind(kind);
}
