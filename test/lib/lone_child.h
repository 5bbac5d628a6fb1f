/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lone_child.h - waits for a child of fork that has one thread, without a
 * clock.
 *
 * Who is alone and sleeps in futex(2) does so for ever: nobody is left to wake
 * it. So a child that found a lock taken is told from one that is slow. One
 * that runs for ever is ended by its limit of processor time.
 */
#ifndef TEST_LIB_LONE_CHILD_H
#define TEST_LIB_LONE_CHILD_H

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LONE_CHILD_HANGS (-1)
#define LONE_CHILD_SECONDS 20 /* of processor time */
#define LONE_CHILD_LOOKS 5

/* To be called by the child. */
static inline void
lone_child_begin(void)
{
	struct rlimit limit = { LONE_CHILD_SECONDS, LONE_CHILD_SECONDS };

	setrlimit(RLIMIT_CPU, &limit);
}

/* Whether PID sleeps in futex(2) just now. */
static inline int
lone_child_waits(pid_t pid)
{
	char path[64], text[32] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/syscall", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (read(fd, text, sizeof(text) - 1) <= 0)
		text[0] = '\0';
	close(fd);
	return text[0] >= '0' && text[0] <= '9' && atol(text) == SYS_futex;
}

/* Waits for the child: its status as of waitpid(2), or LONE_CHILD_HANGS, when
 * it has been ended. */
static inline int
lone_child_end(pid_t pid)
{
	int status, seen = 0;
	pid_t done;

	while ((done = waitpid(pid, &status, WNOHANG)) == 0) {
		seen = lone_child_waits(pid) ? seen + 1 : 0;
		if (seen == LONE_CHILD_LOOKS) {
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			return LONE_CHILD_HANGS;
		}
		usleep(1000);
	}
	return done == pid ? status : LONE_CHILD_HANGS;
}

#endif /* TEST_LIB_LONE_CHILD_H */
