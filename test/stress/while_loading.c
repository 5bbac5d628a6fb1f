/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * while_loading LIBRARY [again|fork|plugins] - a constructor, which runs with
 * the dynamic loader's lock, opens a kind that leaves the choice of nodes to
 * the machine, while another thread opens the first such kind and waits for the
 * loader to load what reads the machine. Neither may wait for the other.
 * LIBRARY is loaded for its constructor: this file, compiled with -DLIBRARY.
 * With "again" the machine was read once before, and hwloc has plugins that it
 * could load. With "fork" the constructor forks: the child does without what
 * the other thread was about to read. With "plugins" the other thread is in the
 * midst of loading hwloc's plugins, of which HWLOC_PLUGINS_PATH has many.
 * There, and in a fork, the constructor gives up after some seconds.
 */
#include <dlfcn.h>
#include <errno.h>
#include <poolkind.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
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
static const char *mode = "";
static int wrong;

/* Whether the machine has such a kind is not asked. */
static void *
open_kind(void *unused)
{
	poolkind *kind = poolkind_open("capacity", 0);

	if (kind != NULL)
		poolkind_close(kind);
	return unused;
}

/* What the child has: kinds that do not read the machine. */
static int
child(void)
{
	poolkind *kind = poolkind_open("dram", 0);

	if (kind == NULL || poolkind_malloc(kind, 100) == NULL)
		return 3;
	kind = poolkind_open("capacity", 0);
	return kind == NULL && errno == EAGAIN ? 0 : 4;
}

static void
fork_one(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(child());
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
		fprintf(stderr, "the child: %x\n", status);
		wrong = 1;
	}
}

/* In the time that it sleeps the other thread comes to wait for the loader, or
 * the test passes for nothing. */
void
in_constructor(void)
{
	if (strcmp(mode, "plugins") != 0) {
		pthread_create(&other, NULL, open_kind, NULL);
		usleep(300000);
	}
	if (strcmp(mode, "fork") == 0)
		fork_one();
	else
		open_kind(NULL);
}

int
main(int argc, char *argv[])
{
	mode = argc == 3 ? argv[2] : "";
	if (strcmp(mode, "again") == 0) {
		open_kind(NULL);
		poolkind_refresh();
	}
	if (strcmp(mode, "plugins") == 0) {
		pthread_create(&other, NULL, open_kind, NULL);
		usleep(200000);
	}
	if (argc < 2 || dlopen(argv[1], RTLD_NOW) == NULL) {
		fprintf(stderr, "%s\n", argc < 2 ? "usage" : dlerror());
		return 2;
	}
	pthread_join(other, NULL);
	open_kind(NULL);
	return wrong;
}

#endif
