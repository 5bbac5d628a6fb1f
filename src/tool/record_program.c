/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record_program.c - the program of `poolkind record`: how it is started,
 * waited for, and how its end becomes the command's. See recorded.h.
 *
 * The command stays, as the program's parent, and keeps out of the way: a
 * signal that a terminal sends to both is the program's alone, and any other
 * that ends a process is passed on to it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"
#include "base/error.h"
#include "tool/commands.h"
#include "tool/recorded.h"
#include "tool/run_program.h"

/* Sent by a terminal to all of a group, and sent to one. */
static const int of_terminal[] = { SIGINT, SIGQUIT };
static const int passed_on[] = { SIGTERM, SIGHUP, SIGUSR1, SIGUSR2 };

static sigset_t waited_for, before;
static bool was_interrupted;
static struct sigaction size_limit_before;

void
recorded_begin_signals(void)
{
	struct sigaction ignored = { .sa_handler = SIG_IGN };

	sigaction(SIGXFSZ, &ignored, &size_limit_before);
}

/* They are taken by recorded_wait(); blocked, they wait until then. */
static void
block_signals(void)
{
	sigemptyset(&waited_for);
	sigaddset(&waited_for, SIGCHLD);
	for (size_t i = 0; i < ARRAY_SIZE(of_terminal); i++)
		sigaddset(&waited_for, of_terminal[i]);
	for (size_t i = 0; i < ARRAY_SIZE(passed_on); i++)
		sigaddset(&waited_for, passed_on[i]);
	sigprocmask(SIG_BLOCK, &waited_for, &before);
}

struct starting {
	const struct run *run;
	const struct rules_table *table;
	const char *variable;
	int fd;
	int gate[2]; /* -1: the program waits for nothing */
};

/* Until the other end is closed; false if a byte came, and all is off. */
static bool
wait_at_gate(const struct starting *starting)
{
	char byte;

	if (starting->gate[0] < 0)
		return true;
	close(starting->gate[1]);
	return read(starting->gate[0], &byte, 1) == 0;
}

/* A process that has lost the descriptor finds the command's under the same
 * number. Where referenced bits are looked at there are no huge pages by
 * themselves, for the length of the program and of those that it starts: one
 * has one bit, which blocks in it would share. */
static int
become_program(void *to)
{
	const struct starting *starting = to;
	char value[32];

	if (!wait_at_gate(starting))
		return NOT_UNDERSTOOD;
	if (starting->run->sampler == SAMPLER_REFERENCED)
		prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	snprintf(value, sizeof(value), "%d,%d", starting->fd, getppid());
	if (setenv(starting->variable, value, 1) != 0) {
		fail("cannot set the environment: %s", error_name(errno));
		return NOT_UNDERSTOOD;
	}
	return program_start(starting->table, starting->run->argv);
}

int
recorded_start(const struct run *run, const struct rules_table *table,
    const char *variable, int fd, struct program *program)
{
	struct starting starting = { run, table, variable, fd, { -1, -1 } };
	int status;

	if (sampler_is_perf(run) && pipe2(starting.gate, O_CLOEXEC) != 0) {
		fail("cannot make a pipe: %s", error_name(errno));
		return NOT_UNDERSTOOD;
	}
	status = recorded_begin(become_program, &starting, program);
	if (starting.gate[0] >= 0)
		close(starting.gate[0]);
	program->gate = starting.gate[1];
	return status;
}

void
recorded_let_begin(struct program *program)
{
	if (program->gate >= 0)
		close(program->gate);
	program->gate = -1;
}

void
recorded_abandon(struct program *program)
{
	if (program->gate < 0 || write(program->gate, "", 1) != 1)
		kill(program->pid, SIGKILL);
	waitpid(program->pid, &program->status, 0);
	recorded_let_begin(program);
}

int
recorded_begin(int (*become)(void *to), void *to, struct program *program)
{
	*program = (struct program){ .pid = -1, .gate = -1 };
	fflush(stdout);
	block_signals();
	program->pid = fork();
	if (program->pid == 0) {
		sigaction(SIGXFSZ, &size_limit_before, NULL);
		sigprocmask(SIG_SETMASK, &before, NULL);
		_exit(become(to));
	}
	if (program->pid > 0)
		return 0;
	fail("cannot start a process: %s", error_name(errno));
	return NOT_UNDERSTOOD;
}

static void
look_at(struct program *program)
{
	if (!program->has_ended &&
	    waitpid(program->pid, &program->status, WNOHANG) == program->pid)
		program->has_ended = true;
}

static void
pass_on(const struct program *program, int signal)
{
	for (size_t i = 0; i < ARRAY_SIZE(of_terminal); i++)
		if (signal == of_terminal[i]) {
			was_interrupted |= program->has_ended;
			return;
		}
	if (signal == SIGCHLD)
		return;
	if (program->has_ended)
		was_interrupted = true;
	else
		kill(program->pid, signal);
}

void
recorded_wait(struct program *program, unsigned ms)
{
	struct timespec time = { ms / 1000, ms % 1000 * 1000000L };
	int signal;

	look_at(program);
	if (program->has_ended && ms == 0)
		return;
	signal = sigtimedwait(&waited_for, NULL, &time);
	if (signal > 0)
		pass_on(program, signal);
	look_at(program);
}

void
recorded_tell_that_it_waits(void)
{
	fputs("poolkind: the program has ended, and what it has started is "
	      "still recorded; interrupt to write what there is\n",
	    stderr);
}

bool
recorded_is_interrupted(void)
{
	return was_interrupted;
}

/* The command's own core would be of no use to anybody. */
int
recorded_status(const struct program *program)
{
	const struct rlimit none = { 0, 0 };
	int signal;

	if (!WIFSIGNALED(program->status))
		return WEXITSTATUS(program->status);
	signal = WTERMSIG(program->status);
	fflush(NULL);
	setrlimit(RLIMIT_CORE, &none);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (signal != SIGKILL && signal != SIGSTOP) {
		struct sigaction plain = { .sa_handler = SIG_DFL };

		sigaction(signal, &plain, NULL);
	}
	raise(signal);
	return 128 + signal;
}
