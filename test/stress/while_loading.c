/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * while_loading LIBRARY [again] - a constructor, which runs with the dynamic
 * loader's lock, opens a kind that leaves the choice of nodes to the machine,
 * while another thread opens the first such kind and waits for the loader to
 * load what reads the machine. Neither may wait for the other. LIBRARY is
 * loaded for its constructor: this file, compiled with -DLIBRARY. With "again"
 * the machine was read once before, and hwloc has plugins that it could load.
 */
#include <dlfcn.h>
#include <poolkind.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void in_constructor(void);

#ifdef LIBRARY

static __attribute__((constructor)) void
start(void)
{
	in_constructor();
}

#else

static pthread_t other;

/* Whether the machine has such a kind is not asked. */
static void *
open_kind(void *unused)
{
	poolkind *kind = poolkind_open("capacity", 0);

	if (kind != NULL)
		poolkind_close(kind);
	return unused;
}

/* In the time that it sleeps the other thread comes to wait for the loader, or
 * the test passes for nothing. */
void
in_constructor(void)
{
	pthread_create(&other, NULL, open_kind, NULL);
	usleep(300000);
	open_kind(NULL);
}

int
main(int argc, char *argv[])
{
	if (argc == 3 && strcmp(argv[2], "again") == 0) {
		open_kind(NULL);
		poolkind_refresh();
	}
	if (argc < 2 || dlopen(argv[1], RTLD_NOW) == NULL) {
		fprintf(stderr, "%s\n", argc < 2 ? "usage" : dlerror());
		return 2;
	}
	pthread_join(other, NULL);
	return 0;
}

#endif
