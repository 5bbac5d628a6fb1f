/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shim_fork.c - the heap over fork, for VMMALLOC_FORK of 0 (no more than that
 * the child lives, while one of the two allocates), 1, 2 and 3. The first
 * argument is the mode, and + for many forks. A second one is a file that is
 * grown until the file system is full; the child then frees everything.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "shim_check.h"
#include "watch.h"

#define BLOCKS 3000
#define THREADS 8
#define PURGED_PAGES 4000
#define TOO_LARGE ((size_t)80 << 20) /* for the pool */

static char *blocks[BLOCKS];
static const char *filler;

static size_t
size_of(int i)
{
	return (size_t)(i % 50 == 0 ? 20000 + i : 16 + i % 1000);
}

static void
make_blocks(int mark)
{
	for (int i = 0; i < BLOCKS; i++) {
		blocks[i] = malloc(size_of(i));
		memset(blocks[i], mark + i % 100, size_of(i));
	}
}

static bool
blocks_stand(int mark)
{
	for (int i = 0; i < BLOCKS; i++)
		if (!all_bytes(blocks[i], mark + i % 100, size_of(i)))
			return false;
	return true;
}

static void
fill_file_system(void)
{
	static char page[65536];
	int fd = open(filler, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	while (write(fd, page, sizeof(page)) > 0)
		continue;
	while (write(fd, page, 4096) > 0)
		continue;
	close(fd);
}

/* The child's answer is its exit status: 0 is good. */
static int
child_works(int mark)
{
	if (!blocks_stand(mark))
		return 1;
	for (int i = 0; i < BLOCKS; i++)
		memset(blocks[i], 0xcc, size_of(i));
	for (int i = 0; i < BLOCKS; i++)
		free(blocks[i]);
	/* Everything again, in another size, so that all pages are purged. */
	for (int i = 0; i < 100; i++) {
		char *p = malloc(50000);

		if (p == NULL && filler == NULL)
			return 2;
		if (p != NULL)
			memset(p, 0xdd, 50000);
		free(p);
	}
	char *large = malloc(6 << 20);

	if (large != NULL)
		memset(large, 0xee, 6 << 20);
	else if (filler == NULL)
		return 3;
	free(large);
	make_blocks(1);
	return blocks_stand(1) ? 0 : 4;
}

/* Forks from a heap in use. Both go on, and neither sees the other's changes.*/
static bool
fork_once(int mark)
{
	int status;
	pid_t pid;

	make_blocks(mark);
	pid = fork();
	if (pid == 0)
		_exit(child_works(mark));
	for (int i = 0; i < BLOCKS; i += 2) {
		free(blocks[i]);
		blocks[i] = malloc(size_of(i));
		memset(blocks[i], mark + i % 100, size_of(i));
	}
	waitpid(pid, &status, 0);
	if (status != 0) {
		char text[64];
		int length = snprintf(
		    text, sizeof(text), "child's status: %#x\n", status);

		if (write(STDOUT_FILENO, text, (size_t)length) < 0)
			return false;
	}
	bool good = status == 0 && blocks_stand(mark);

	for (int i = 0; i < BLOCKS; i++)
		free(blocks[i]);
	return good;
}

/* Three generations, each adding to the heap. */
static int
generations(int depth)
{
	int status = 0;
	char *mine = malloc(100000);
	pid_t pid;

	memset(mine, depth, 100000);
	if (depth > 0) {
		pid = fork();
		if (pid == 0)
			_exit(generations(depth - 1));
		memset(mine, depth + 64, 100000);
		waitpid(pid, &status, 0);
		if (!all_bytes(mine, depth + 64, 100000))
			status = 1;
	} else if (!all_bytes(mine, 0, 100000)) {
		status = 1;
	}
	free(mine);
	return status != 0;
}

static volatile bool stop;

static void *
churn(void *seed)
{
	char *kept[64] = { NULL };
	unsigned random = (unsigned)(intptr_t)seed;

	while (!stop) {
		random = random * 1103515245 + 12345;
		unsigned i = random >> 20 & 63;

		free(kept[i]);
		kept[i] = malloc(16 + (random >> 8) % 30000);
		if (kept[i] != NULL)
			kept[i][0] = 1;
		if (random >> 26 == 0)
			usleep(100); /* leave the machine to others, too */
	}
	for (int i = 0; i < 64; i++)
		free(kept[i]);
	return NULL;
}

/* In the child of a threaded program: its other threads are gone, whatever
 * they were doing, and nothing may wait for them. */
static int
lonely_child(void)
{
	for (int i = 0; i < 200; i++) {
		char *p = malloc((size_t)i * 700 + 1);

		if (p == NULL || !in_pool(p, 1))
			return 1;
		memset(p, 1, (size_t)i * 700 + 1);
		free(p);
	}
	return 0;
}

/* Frees pages, and has them given back by asking for more than there is. */
static void *
purge(void *unused)
{
	static char *pages[PURGED_PAGES];

	while (!stop) {
		for (int i = 0; i < PURGED_PAGES; i++)
			pages[i] = malloc(4096);
		for (int i = 0; i < PURGED_PAGES; i += 2)
			free(pages[i]);
		free(malloc(TOO_LARGE));
		for (int i = 1; i < PURGED_PAGES; i += 2)
			free(pages[i]);
	}
	return unused;
}

/* In the child, where nobody goes on with what that thread was doing. */
static int
purging_child(void)
{
	char *p = malloc(TOO_LARGE), *q = malloc(TOO_LARGE / 4);

	return p != NULL || q == NULL;
}

static bool
fork_with_threads(int rounds, void *(*work)(void *), int (*child)(void))
{
	pthread_t ids[THREADS];
	int threads = work == purge ? 1 : THREADS;
	bool good = true;
	int status;

	stop = false;
	for (intptr_t i = 0; i < threads; i++)
		pthread_create(&ids[i], NULL, work, (void *)i);
	for (int i = 0; i < rounds && good; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(child());
		if (pid < 0 || watch_wait(pid, 60, &status) != NULL ||
		    status != 0)
			good = false;
	}
	stop = true;
	for (int i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	return good;
}

/* Mode 0: both use the same pages, so only one of them may use the heap. */
static void
check_shared(void)
{
	char *p = malloc(1000);
	int status;
	pid_t pid;

	memset(p, 'p', 1000);
	pid = fork();
	if (pid == 0) {
		if (!all_bytes(p, 'p', 1000))
			_exit(1);
		memset(p, 'c', 1000);
		free(malloc(100));
		_exit(0);
	}
	waitpid(pid, &status, 0);
	CHECK("the child of mode 0 lives", status == 0);
	CHECK("the pool of mode 0 is shared", all_bytes(p, 'c', 1000));
}

/* Forks without a descriptor left, the heap's own among those that are gone,
 * and without room for more data: the parent lives and its heap is as it was;
 * the child works, or ends with the documented line. */
static void
check_shortages(void)
{
	struct rlimit none = { 0, 0 };
	int status = -1;
	bool good = true;

	make_blocks(3);
	for (int i = 3; i < 1 << 16; i++)
		close(i);
	while (open("/dev/null", O_RDONLY) >= 0)
		continue;
	for (int i = 0; i < 2 && good; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(child_works(3));
		good = waitpid(pid, &status, 0) == pid &&
		    (status == 0 ||
			(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT));
		setrlimit(RLIMIT_DATA, &none);
	}
	CHECK(
	    "the child of a process that lacks something works or ends", good);
	CHECK("and the parent's data stand", blocks_stand(3));
}

int
main(int argc, char **argv)
{
	if (argv[1][0] == '0') {
		check_shared();
		return failures != 0;
	}
	CHECK("parent and child each have their heap", fork_once(1));
	CHECK("and again", fork_once(50));
	if (argc > 2) {
		filler = argv[2];
		make_blocks(7);
		fill_file_system();
		int status;
		pid_t pid = fork();

		if (pid == 0)
			_exit(child_works(7));
		waitpid(pid, &status, 0);
		if (argv[1][0] == '2')
			CHECK("the child that cannot have a copy ends",
			    WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
		else
			CHECK(
			    "the child frees everything on a full file system",
			    status == 0);
		CHECK("and the parent's data stand", blocks_stand(7));
		return failures != 0;
	}
	CHECK("children's children", generations(3) == 0);
	CHECK("forks while 8 threads allocate",
	    fork_with_threads(
		argv[1][1] == '+' ? 200 : 40, churn, lonely_child));
	CHECK("forks while a thread gives pages back",
	    fork_with_threads(40, purge, purging_child));
	CHECK("the parent still works", fork_once(99));
	check_shortages();
	return failures != 0;
}
