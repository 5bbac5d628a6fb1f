/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * refused.c - a sandbox. "refused start CALL ERROR COMMAND..." runs a command
 * in one that refuses a system call; "refused use CALL ERROR" allocates, shuts
 * itself up, and goes on, with a thread and a child. CALL may be a list with
 * commas between, ERROR is EPERM, EACCES or ENOSYS.
 */
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>

#include "refuse.h"
#include "shim_check.h"

/* Blocks of up to 128 KiB, and one of 8 MiB: how many there were. */
static int
use(void)
{
	static const size_t most = 8 << 20;
	char *blocks[300], *large;
	int count = 0;

	for (int i = 0; i < 300; i++) {
		blocks[i] = malloc((size_t)1 << i % 18);
		if (blocks[i] != NULL) {
			memset(blocks[i], 1, (size_t)1 << i % 18);
			count++;
		}
	}
	large = malloc(most);
	if (large != NULL) {
		memset(large, 1, most);
		count++;
	}
	free(large);
	for (int i = 0; i < 300; i++)
		free(blocks[i]);
	return count;
}

static void *
use_in_thread(void *count)
{
	*(int *)count = use();
	return NULL;
}

static void
use_everywhere(bool has_threads)
{
	int count = -1, status = -1;
	pthread_t thread;
	pid_t child;

	CHECK("blocks of the first thread", use() == 301);
	if (has_threads) {
		if (pthread_create(&thread, NULL, use_in_thread, &count) == 0)
			pthread_join(thread, NULL);
		CHECK("blocks of another thread", count == 301);
	}
	child = fork();
	if (child == 0)
		_exit(use() == 301 ? 0 : 1);
	if (child > 0)
		waitpid(child, &status, 0);
	CHECK("blocks of a child", status == 0);
	CHECK("blocks of its parent", use() == 301);
}

static int
error_of(const char *name)
{
	return strcmp(name, "EPERM") == 0 ? EPERM :
	    strcmp(name, "EACCES") == 0   ? EACCES :
					    ENOSYS;
}

int
main(int argc, char **argv)
{
	long calls[REFUSED_CALLS];
	size_t count = 0;
	bool has_threads;
	char *name;

	if (argc < 4)
		return 2;
	/* glibc makes the stack of a thread usable by mprotect. */
	has_threads = strstr(argv[2], "mprotect") == NULL;
	if (strcmp(argv[1], "use") == 0)
		CHECK("blocks outside", use() == 301);
	for (name = strtok(argv[2], ","); name != NULL;
	     name = strtok(NULL, ","))
		count += (size_t)refused_call_of(name, &calls[count]);
	if (refuse(calls, count, error_of(argv[3])) != 0)
		return 77;
	if (strcmp(argv[1], "start") == 0) {
		execvp(argv[4], argv + 4);
		return 126;
	}
	use_everywhere(has_threads);
	return failures != 0;
}
