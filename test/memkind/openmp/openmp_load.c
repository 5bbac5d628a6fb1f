/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * openmp_load.c - a program without OpenMP that loads the library PLUGIN, has
 * it work and lets it go, again and again: openmp_load PLUGIN.
 */
#include <dlfcn.h>
#include <pthread.h>

#include "../../lib/shim_check.h"

#define ROUNDS 5

static const char *plugin;

static bool
load_work_unload(void)
{
	void *library = dlopen(plugin, RTLD_NOW | RTLD_LOCAL);
	int (*work)(void);

	if (library == NULL) {
		printf("%s\n", dlerror());
		return false;
	}
	work = (int (*)(void))dlsym(library, "plugin_work");
	return work() == 0 && dlclose(library) == 0;
}

static void *
in_thread(void *good)
{
	*(bool *)good = load_work_unload();
	return NULL;
}

int
main(int argc, char **argv)
{
	bool good = argc == 2, good_in_thread = false;
	pthread_t thread;

	plugin = argv[1];
	for (int round = 0; round < ROUNDS && good; round++)
		good = load_work_unload();
	CHECK("loaded, used and let go, several times", good);
	pthread_create(&thread, NULL, in_thread, &good_in_thread);
	pthread_join(thread, NULL);
	CHECK("by a thread that ends", good_in_thread);
	CHECK("and once more", load_work_unload());
	return failures != 0;
}
