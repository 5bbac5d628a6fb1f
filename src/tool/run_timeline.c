/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run_timeline.c - `poolkind run --timeline': the program as a child, and its
 * memory over time. See timeline.h.
 *
 * The program has this process for a parent, and notices nothing else: what a
 * terminal sends comes to both, what is sent to this process alone goes on to
 * the program, and this process ends as the program does, by a signal too.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "tool/commands.h"
#include "tool/timeline.h"

#define INTERVAL 0.01

static volatile sig_atomic_t program;

/* What the program starts is looked for at every 16th look and at the first
 * ones, as that reads something of each process of the machine. */
#define FAMILY_LOOKS 16

struct watched {
	pid_t process;
	int status;
	unsigned looks;
	struct process_list family;
};

static void
send_on(int number)
{
	if (program > 0)
		kill(program, number);
}

/* Once it has, its number may be another's. */
static bool
has_ended(void *to)
{
	struct watched *watched = to;

	if (program != 0 &&
	    waitpid(watched->process, &watched->status, WNOHANG) != 0)
		program = 0;
	return program == 0;
}

static struct stats_process *
look(void *to)
{
	struct watched *watched = to;
	struct stats_process *first = NULL, **end = &first;
	char why[OUTSIDE_WHY_MAX];

	if (watched->looks++ % FAMILY_LOOKS == 0 ||
	    watched->looks < FAMILY_LOOKS / 2) {
		list_free(&watched->family);
		if (list_all(&watched->family, NULL))
			list_keep_family(&watched->family, watched->process);
	}
	for (size_t i = 0; i < watched->family.count; i++)
		outside_read(
		    watched->family.process[i].process, true, &end, why);
	return first;
}

static void
draw(const struct timeline *timeline, const char *name, const char *path)
{
	char title[256];

	snprintf(title, sizeof(title), "Memory of %s over time", name);
	if (timeline->samples == 0)
		fail("%s is not drawn: no kind was met while %s ran", path,
		    name);
	else
		timeline_draw(timeline, title, path);
}

/* A program that a signal ended is told by the same signal. */
static int
end_like(int status)
{
	if (WIFSIGNALED(status)) {
		signal(WTERMSIG(status), SIG_DFL);
		raise(WTERMSIG(status));
		return 128 + WTERMSIG(status);
	}
	return WEXITSTATUS(status);
}

static void
set_signals(void)
{
	static const int sent_on[] = { SIGTERM, SIGHUP, SIGUSR1, SIGUSR2 };

	for (size_t i = 0; i < ARRAY_SIZE(sent_on); i++)
		signal(sent_on[i], send_on);
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
}

int
run_with_timeline(
    int (*start)(void *to), void *to, const char *name, const char *path)
{
	struct timeline *timeline = timeline_new(INTERVAL);
	struct watched watched = { 0 };

	if (timeline == NULL)
		return fail("no memory");
	fflush(stdout);
	watched.process = fork();
	if (watched.process == 0)
		_exit(start(to));
	if (watched.process < 0) {
		timeline_free(timeline);
		return fail("cannot start a process: %s", strerror(errno));
	}
	program = watched.process;
	set_signals();
	timeline_watch(timeline, look, has_ended, &watched);
	draw(timeline, name, path);
	list_free(&watched.family);
	timeline_free(timeline);
	return end_like(watched.status);
}
