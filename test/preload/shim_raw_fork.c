/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shim_raw_fork.c - children that are made past fork(2), as sandboxes and
 * runtimes make them, with the whole heap in a pool: each has the heap as it
 * was and goes on to use it, and what it does is not seen by the parent.
 */
#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim_check.h"

#define BLOCKS 2000

static char *block[BLOCKS];

static size_t
size_of(int i)
{
	return 16 + (size_t)i * 7 % 3000;
}

static void
fill(int from, char text)
{
	for (int i = from; i < BLOCKS; i += 2) {
		free(block[i]);
		block[i] = malloc(size_of(i));
		memset(block[i], text, size_of(i));
	}
}

static int
are(int from, char text)
{
	for (int i = from; i < BLOCKS; i += 2)
		if (!all_bytes(block[i], text, size_of(i)))
			return 0;
	return 1;
}

/* The child's life: what it was born with, and what it makes of it. */
static int
live(void *unused)
{
	(void)unused;
	if (!are(0, 'a') || !are(1, 'b'))
		return 1;
	for (int round = 0; round < 20; round++) {
		fill(0, 'c');
		memset(block[1], 'd', size_of(1));
		if (!are(0, 'c'))
			return 2;
	}
	return 0;
}

static void
judge(const char *how, pid_t child)
{
	int status = -1;

	/* The parent goes on meanwhile. */
	for (int round = 0; round < 20; round++)
		fill(0, 'e');
	CHECK(how, child > 0 && waitpid(child, &status, __WALL) == child);
	if (status != 0)
		printf("# %s: status %x\n", how, status);
	CHECK("the child has the heap as it was, and uses it", status == 0);
	CHECK("the parent's data stand", are(0, 'e') && are(1, 'b'));
	fill(0, 'a');
}

static pid_t
child_of(long (*make)(void))
{
	pid_t child = (pid_t)make();

	if (child == 0)
		_exit(live(NULL));
	return child;
}

static long
by_clone(void)
{
	return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static long
by_clone3(void)
{
	struct clone_args args = { .exit_signal = SIGCHLD };

	return syscall(SYS_clone3, &args, sizeof(args));
}

#ifdef SYS_fork
static long
by_fork(void)
{
	return syscall(SYS_fork);
}
#endif

int
main(void)
{
	static char stack[256 * 1024] __attribute__((aligned(64)));
	pid_t child;

	for (int i = 0; i < BLOCKS; i++)
		block[i] = malloc(1);
	fill(0, 'a');
	fill(1, 'b');
	for (int round = 0; round < 3; round++) {
		judge("syscall(SYS_clone)", child_of(by_clone));
#ifdef SYS_fork
		judge("syscall(SYS_fork)", child_of(by_fork));
#endif
		child = child_of(by_clone3);
		if (child > 0 || errno != ENOSYS)
			judge("syscall(SYS_clone3)", child);
		judge("clone()",
		    clone(live, stack + sizeof(stack), SIGCHLD, NULL));
		judge("fork()", child_of((long (*)(void))(void *)fork));
	}
	CHECK("other calls go on to the kernel",
	    syscall(SYS_getpid) == getpid() && syscall(SYS_close, -1) == -1 &&
		errno == EBADF);
	for (long bad = 0; bad < 2; bad++) {
		long answer = syscall(SYS_clone3, bad * 4096, 64);

		CHECK("a record that is not there is refused",
		    answer == -1 && (errno == EFAULT || errno == ENOSYS));
	}
	CHECK("one with six arguments, too",
	    syscall(SYS_mmap, 0, 4096, 3, 0x22, -1, 0) != -1);
	return failures != 0;
}
