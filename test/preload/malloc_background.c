/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * malloc_background.c - a program whose heap is a kind, which frees much and
 * then sleeps. What the kernel says of it is read without a block.
 *
 * Usage: malloc_background WANTED [SLEEPS]: the threads that it has once it
 * allocated; whether it sleeps then.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "shim_check.h"

#define SIZE 1000
#define BLOCKS ((48 << 20) / SIZE)
#define LOOKS 60000 /* many times what anything takes */

static void *blocks[BLOCKS];

/* The number behind WHAT in /proc/self/status. */
static size_t
status(const char *what)
{
	char text[8192] = "", *at;
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);

	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	at = strstr(text, what);
	return at == NULL ? 0 : strtoul(at + strlen(what), NULL, 10);
}

static void
pause_a_little(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
}

/* Whether the memory of the process falls so low without a call of its own. */
static bool
falls_below(size_t kib)
{
	for (int i = 0; i < LOOKS && status("VmRSS:") >= kib; i++)
		pause_a_little();
	return status("VmRSS:") < kib;
}

static bool
burst(size_t count)
{
	bool all = true;

	for (size_t i = 0; i < count; i++) {
		blocks[i] = malloc(SIZE);
		all = all && blocks[i] != NULL;
		if (blocks[i] != NULL)
			memset(blocks[i], 1, SIZE);
	}
	return all;
}

static void
free_all(size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(blocks[i]);
}

static void *
end(void *unused)
{
	return unused;
}

/* A child whose first free that is no quick one is libc's, where a thread ends
 * on a stack of the program's: with a lock held that making a thread takes. */
static int
child_of_threads(void)
{
	static char stack[1 << 20] __attribute__((aligned(4096)));
	pthread_attr_t attributes;
	pthread_t id;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstack(&attributes, stack, sizeof(stack));
	for (int i = 0; i < 3; i++) {
		if (pthread_create(&id, &attributes, end, NULL) != 0)
			return 1;
		for (int j = 0; j < 1000 && status("Threads:") != 1; j++)
			pause_a_little();
	}
	return 0;
}

/* Frees of the child come by the slow path first once a cache is full. */
static bool
threads_end_in_a_child(void)
{
	int how = -1;
	pid_t pid;

	free_all(burst(40) ? 40 : 0);
	pid = fork();
	if (pid == 0)
		_exit(child_of_threads());
	return waitpid(pid, &how, 0) == pid && how == 0;
}

/* ---- Where threads run --------------------------------------------------- */

static cpu_set_t all_processors;

/* Binds the calling thread to one processor. */
static void
bind_thread(void)
{
	cpu_set_t one;

	sched_getaffinity(0, sizeof(all_processors), &all_processors);
	CPU_ZERO(&one);
	for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++)
		if (CPU_ISSET(i, &all_processors))
			CPU_SET(i, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

/* Whether each other thread may run where the first could, or will in a
 * moment: it is new. */
static bool
others_are_free(void)
{
	char list[4096] __attribute__((aligned(8)));
	int fd = open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long got = syscall(SYS_getdents64, fd, list, sizeof(list));
	bool all = got > 0;

	close(fd);
	for (long at = 0; at < got;) {
		struct {
			uint64_t inode, next;
			uint16_t length;
			uint8_t type;
			char name[];
		} *entry = (void *)(list + at);
		pid_t id = atoi(entry->name);
		cpu_set_t set;

		at += entry->length;
		if (id == 0 || id == getpid())
			continue;
		for (int i = 0; i < LOOKS; i++) {
			sched_getaffinity(id, sizeof(set), &set);
			if (CPU_EQUAL(&set, &all_processors))
				break;
			pause_a_little();
		}
		all = all && CPU_EQUAL(&set, &all_processors);
	}
	return all;
}

/* ---- Children ------------------------------------------------------------ */

/* In a child: it frees what its parent had, allocates, and has a thread where
 * the parent has one. */
static int
child(size_t wanted)
{
	bool alone = status("Threads:") == 1;

	free_all(1000);
	if (!burst(1000))
		return 1;
	free_all(1000);
	if (!alone || status("Threads:") != wanted)
		return alone ? 3 : 2;
	return others_are_free() ? 0 : 4;
}

/* Forks while the thread is at work. */
static bool
forks_well(size_t wanted)
{
	for (int i = 0; i < 30; i++) {
		int how = -1;
		pid_t pid;

		if (!burst(BLOCKS / 8))
			return false;
		for (size_t j = 1000; j < BLOCKS / 8; j++)
			free(blocks[j]);
		pid = fork();
		if (pid == 0)
			_exit(child(wanted));
		free_all(1000);
		if (waitpid(pid, &how, 0) != pid || how != 0) {
			printf("# child %d: %#x\n", i, (unsigned)how);
			return false;
		}
	}
	return true;
}

static void
tell_of_the_end(void)
{
	_exit(5);
}

static void *
work_behind_first(void *first)
{
	pthread_join(*(pthread_t *)first, NULL);
	free_all(burst(1000) ? 1000 : 0);
	return NULL;
}

/* A child whose first thread ends before its last. */
static void
end_first(void)
{
	static pthread_t first;
	pthread_t id;

	first = pthread_self();
	free_all(burst(1000) ? 1000 : 0);
	atexit(tell_of_the_end);
	if (pthread_create(&id, NULL, work_behind_first, &first) != 0)
		_exit(1);
	pthread_exit(NULL);
}

/* Then it is as if the program had called exit(3). */
static bool
ends_with_its_last(void)
{
	int how = -1;
	pid_t pid, ended = 0;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		end_first();
	for (int i = 0; i < LOOKS && ended == 0; i++) {
		ended = waitpid(pid, &how, WNOHANG);
		pause_a_little();
	}
	if (ended == 0)
		kill(pid, SIGKILL);
	return ended == pid && WIFEXITED(how) && WEXITSTATUS(how) == 5;
}

int
main(int argc, char **argv)
{
	size_t wanted = argc > 1 ? strtoul(argv[1], NULL, 10) : 0, full;

	CHECK("the burst has its blocks", burst(BLOCKS));
	full = status("VmRSS:");
	free_all(BLOCKS);
	CHECK("there are as many threads as are wanted",
	    status("Threads:") == wanted);
	if (argc > 2)
		CHECK("it gives back while the program sleeps",
		    falls_below(full / 10 * 9));
	bind_thread();
	CHECK("forks", forks_well(wanted));
	CHECK("threads end in a child", threads_end_in_a_child());
	CHECK("a child ends with its last thread", ends_with_its_last());
	return failures != 0;
}
