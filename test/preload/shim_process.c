/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shim_process.c - what programs do to themselves: close all descriptors, lose
 * sight of the file system, run other programs, load libraries that bypass
 * us. The first argument says which.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/wait.h>

#include "shim_check.h"

/* Grows, frees, forks: all that needs the pool's file. */
static bool
heap_works(void)
{
	char *blocks[200], *large = malloc(9 << 20);
	int status;
	pid_t pid;

	for (int i = 0; i < 200; i++) {
		blocks[i] = malloc((size_t)i * 300 + 1);
		if (!in_pool(blocks[i], 1))
			return false;
		memset(blocks[i], i, (size_t)i * 300 + 1);
	}
	if (!in_pool(large, 9 << 20))
		return false;
	memset(large, 1, 9 << 20);
	pid = fork();
	if (pid == 0) {
		bool good = true;

		for (int i = 0; i < 200; i++) {
			if (!all_bytes(blocks[i], i, (size_t)i * 300 + 1))
				good = false;
			memset(blocks[i], 99, (size_t)i * 300 + 1);
			free(blocks[i]);
		}
		memset(large, 99, 9 << 20);
		free(large);
		large = malloc(5 << 20);
		_exit(!good || large == NULL);
	}
	waitpid(pid, &status, 0);
	for (int i = 0; i < 200; i++) {
		if (!all_bytes(blocks[i], i, (size_t)i * 300 + 1))
			status = 1;
		free(blocks[i]);
	}
	if (!all_bytes(large, 1, 9 << 20))
		status = 1;
	free(large);
	return status == 0;
}

/* As daemons do, and again after something else has got the numbers. */
static void
check_closed(void)
{
	for (int fd = 3; fd < 70000; fd++)
		close(fd);
	CHECK("the heap lives on without descriptors", heap_works());
	for (int i = 0; i < 600; i++)
		open("/dev/null", O_RDONLY);
	for (int fd = 3; fd < 2000; fd++)
		dup2(2, fd);
	CHECK("and when its numbers are somebody else's", heap_works());
	CHECK("whose descriptors stay open", fcntl(1500, F_GETFD) >= 0);
}

/* The first fork has to find the file again where there is no directory. */
static void
check_chroot(const char *directory)
{
	if (chroot(directory) != 0 || chdir("/") != 0) {
		CHECK("chroot", false);
		return;
	}
	/* No /proc in there to look at. */
	char *p = malloc(9 << 20), *q = malloc(3);
	int status;
	pid_t pid;

	memset(p, 2, 9 << 20);
	pid = fork();
	if (pid == 0) {
		bool good = all_bytes(p, 2, 9 << 20);

		memset(p, 3, 9 << 20);
		free(p);
		free(q);
		_exit(!good || malloc(100000) == NULL);
	}
	waitpid(pid, &status, 0);
	CHECK("the heap and fork work after chroot",
	    status == 0 && all_bytes(p, 2, 9 << 20));
}

/* A file without a name that is open would be the pool's. */
static bool
is_nameless(int fd)
{
	char link[64], name[4096];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, name, sizeof(name) - 1);
	name[length < 0 ? 0 : length] = '\0';
	return strstr(name, "(deleted)") != NULL;
}

/* Nothing of ours is open in programs that this one runs. */
static void
check_exec(void)
{
	int leaked = 0;
	DIR *directory = opendir("/proc/self/fd");
	struct dirent *entry;

	while ((entry = readdir(directory)) != NULL) {
		int fd = atoi(entry->d_name);

		if (fd > 2 && is_nameless(fd) &&
		    (fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0)
			leaked++;
	}
	closedir(directory);
	CHECK("every descriptor of ours is close-on-exec", leaked == 0);
}

/* Blocks of glibc's own heap, as a library takes them that knows its name. */
static void
check_foreign(const char *file)
{
	void *library = dlopen(file, RTLD_NOW);
	char *(*make)(size_t) = NULL;
	char *p;

	if (library != NULL)
		make = (char *(*)(size_t))dlsym(library, "make");
	CHECK("a library is opened", make != NULL);
	if (make == NULL)
		return;
	p = make(1000);
	CHECK("it has another heap", !in_pool(p, 1000));
	CHECK("its block has no size here", malloc_usable_size(p) == 0);
	free(p);
	for (size_t size = 1; size <= 4 << 20; size *= 7)
		free(make(size));
	CHECK("its blocks can be freed", true);
	p = make(1000);
	memset(p, 'd', 1000);
	p = realloc(p, 5000);
	CHECK("its block is moved into the pool",
	    in_pool(p, 5000) && all_bytes(p, 'd', 1000));
	free(p);
	p = make(1 << 20);
	memset(p, 'e', 1 << 20);
	p = realloc(p, 100);
	CHECK("also when it is made smaller",
	    in_pool(p, 100) && all_bytes(p, 'e', 100));
	free(p);
	CHECK("realloc to nothing frees it", realloc(make(10), 0) == NULL);
}

static void *
short_life(void *unused)
{
	char *blocks[50];

	(void)unused;
	for (int i = 0; i < 50; i++)
		blocks[i] = calloc(1, (size_t)i * 101 + 1);
	for (int i = 0; i < 50; i += 2)
		free(blocks[i]);
	for (int i = 1; i < 50; i += 2)
		free(blocks[i]);
	return malloc(77);
}

/* 200 threads at once, ten times: they leave nothing behind but their block. */
static void
check_threads(void)
{
	pthread_t ids[200];
	bool good = true;
	void *block;

	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < 200; i++)
			if (pthread_create(&ids[i], NULL, short_life, NULL))
				abort();
		for (int i = 0; i < 200; i++) {
			pthread_join(ids[i], &block);
			good = good && in_pool(block, 77);
			free(block);
		}
	}
	CHECK("200 threads, ten times", good);
	block = malloc(40 << 20);
	CHECK("afterwards most of the pool is free", block != NULL);
	free(block);
}

int
main(int argc, char **argv)
{
	(void)argc;
	CHECK("the heap works", heap_works());
	if (strcmp(argv[1], "close") == 0)
		check_closed();
	else if (strcmp(argv[1], "chroot") == 0)
		check_chroot(argv[2]);
	else if (strcmp(argv[1], "exec") == 0)
		check_exec();
	else if (strcmp(argv[1], "foreign") == 0)
		check_foreign(argv[2]);
	else if (strcmp(argv[1], "threads") == 0)
		check_threads();
	return failures != 0;
}
