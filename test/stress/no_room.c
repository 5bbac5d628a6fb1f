/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * no_room.c - there is no address space left when the first kind is opened, or
 * when a thread first allocates: calls say so, nothing is printed, and nobody
 * ends. Exit status 0, or 1 with a line.
 */
#include <errno.h>
#include <poolkind.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define KIB ((size_t)1 << 10)

/* Leaves ROOM bytes of address space. */
static void
leave(size_t room)
{
	struct rlimit limit;
	unsigned long pages = 0;
	FILE *statm = fopen("/proc/self/statm", "r");

	if (statm == NULL || fscanf(statm, "%lu", &pages) != 1)
		exit(1);
	fclose(statm);
	limit.rlim_cur = limit.rlim_max = pages * 4 * KIB + room;
	setrlimit(RLIMIT_AS, &limit);
}

static int
open_first(size_t room)
{
	poolkind *kind;
	void *block;

	leave(room);
	errno = 0;
	kind = poolkind_open("dram,limit=1M", 0);
	if (kind == NULL)
		return errno != ENOMEM || poolkind_errormsg()[0] == '\0';
	block = poolkind_malloc(kind, 100);
	if (block != NULL)
		memset(block, 1, 100);
	poolkind_free(kind, block);
	return poolkind_check(kind) != 0;
}

static void *
allocate(void *kind)
{
	void *block;

	leave(0);
	while (malloc(16) != NULL)
		;
	for (int i = 0; i < 1000; i++) {
		block = poolkind_malloc(kind, 100);
		poolkind_free(kind, block);
	}
	return NULL;
}

/* A thread whose record cannot be had, nor hung at a key. */
static int
thread_without_record(size_t room)
{
	poolkind *kind;
	pthread_t thread;
	pthread_key_t key;

	(void)room;
	for (int i = 0; i < 40; i++)
		pthread_key_create(&key, NULL);
	kind = poolkind_open("dram,limit=1M", 0);
	if (kind == NULL || poolkind_malloc(kind, 100) == NULL ||
	    pthread_create(&thread, NULL, allocate, kind) != 0)
		return 1;
	pthread_join(thread, NULL);
	return poolkind_check(kind) != 0;
}

static int
fails_in_child(const char *name, int (*test)(size_t room), size_t room)
{
	int status = -1, said[2];
	char text[200] = "";
	pid_t child;

	if (pipe(said) != 0)
		return 1;
	child = fork();
	if (child == 0) {
		dup2(said[1], 2);
		_exit(test(room));
	}
	close(said[1]);
	if (read(said[0], text, sizeof(text) - 1) < 0)
		text[0] = '?';
	close(said[0]);
	waitpid(child, &status, 0);
	if (status == 0 && text[0] == '\0')
		return 0;
	printf("%s, %zu KiB: status 0x%x, \"%s\"\n", name, room / KIB, status,
	    text);
	return 1;
}

int
main(void)
{
	int failed = 0;

	for (size_t room = 0; room <= 6000 * KIB; room += 60 * KIB)
		failed |= fails_in_child("first kind", open_first, room);
	failed |= fails_in_child("thread", thread_without_record, 0);
	return failed;
}
