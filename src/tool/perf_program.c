/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * perf_program.c - perf(1) beside a program: see record_perf.h.
 *
 * `perf record` listens to the program, and writes to a pipe that `perf script`
 * reads, whose lines are read here. The first is told by a socket to begin, and
 * then, every now and then, something that has it look for what the kernel has
 * ("ping"); by itself it would wait until half of a buffer is full. Both are
 * children of the command, are ended with it, and get no signals of the
 * terminal. What they say is kept, and told where they fail.
 *
 * The counters of loads and stores of all processors are in `perf mem record`,
 * which is `perf record` with the right events.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "base/error.h"
#include "rules/table.h"
#include "tool/commands.h"
#include "tool/record_perf.h"
#include "tool/run_program.h"

#define CONTROL 3 /* perf's descriptor */
#define WORDS 20
#define ANSWER_MS 60000
#define LOST "PERF_RECORD_LOST lost "
#define PIPE_BYTES (1 * MIB) /* if the user may */

struct perf_program {
	pid_t record, script;
	int control, lines, said;
	bool is_over; /* there are no more lines */
	size_t have;
	char line[16 * KIB];
};

/* ---- What is run --------------------------------------------------------- */

static void
words_of_record(const struct run *run, pid_t pid, const char *words[WORDS])
{
	static char option[32];
	size_t at = 0;

	snprintf(option, sizeof(option), "--pid=%d", pid);
	words[at++] = "perf";
	if (run->sampler == SAMPLER_PERF)
		words[at++] = "mem";
	words[at++] = "record";
	if (run->sampler == SAMPLER_PERF_FAULTS) {
		words[at++] = "--event=page-faults";
		words[at++] = "--count=1";
		words[at++] = "--data";
	}
	if ((run->flags & RULES_NO_CHILDREN) != 0)
		words[at++] = "--no-inherit";
	words[at++] = option;
	words[at++] = "--output=-";
	words[at++] = "--clockid=CLOCK_MONOTONIC";
	words[at++] = "--no-buildid";
	words[at++] = "--no-buildid-cache";
	words[at++] = "--delay=-1";
	words[at++] = "--control=fd:3,3";
	words[at] = NULL;
}

static const char *const words_of_script[] = { "perf", "script", "--input=-",
	"--ns", "--show-lost-events", "--fields=pid,tid,time,event,addr,period",
	NULL };

/* In a new process: FROM, TO and SAID as its streams, CONTROL as it is. */
static _Noreturn void
become(const char *path, const char *const *words, const int fds[4])
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	for (int i = 0; i < 4; i++)
		if (fds[i] < 0 || dup2(fds[i], 100 + i) < 0)
			_exit(NOT_STARTED);
	for (int i = 0; i < 4; i++)
		dup2(100 + i, i);
	close_range(CONTROL + 1, UINT_MAX, 0);
	setenv("PERF_CONFIG", "/dev/null", 1);
	setenv("LC_ALL", "C", 1);
	execv(path, (char *const *)words);
	_exit(NOT_STARTED);
}

static pid_t
start(const char *path, const char *const *words, const int fds[4])
{
	pid_t pid = fork();

	if (pid == 0)
		become(path, words, fds);
	return pid;
}

/* ---- What it says -------------------------------------------------------- */

/* The first line that says something, without what stands before it. */
static void
first_line(const struct perf_program *perf, char line[256])
{
	char text[4 * KIB];
	ssize_t got = pread(perf->said, text, sizeof(text) - 1, 0);
	char *at = text, *rest;

	text[got > 0 ? got : 0] = '\0';
	line[0] = '\0';
	while ((at = strtok_r(at, "\n", &rest)) != NULL) {
		at += strspn(at, " \t");
		if (strncmp(at, "failed: ", 8) == 0)
			at += 8;
		if (*at != '\0' && *at != '[' && strcmp(at, "Error:") != 0 &&
		    strncmp(at, "WARNING", 7) != 0) {
			snprintf(line, 256, "%s", at);
			return;
		}
		at = NULL;
	}
}

static bool
mentions(const char *line, const char *what)
{
	return strstr(line, what) != NULL;
}

static int
paranoia(void)
{
	FILE *file = fopen("/proc/sys/kernel/perf_event_paranoid", "re");
	int level = 2;

	if (file != NULL) {
		if (fscanf(file, "%d", &level) != 1)
			level = 2;
		fclose(file);
	}
	return level;
}

static void
say_why(const struct run *run, const struct perf_program *perf)
{
	const char *name = sampler_name(run);
	char line[256];

	first_line(perf, line);
	if (mentions(line, "monitoring and observability") ||
	    mentions(line, "ermission"))
		fail("--sampler %s: the kernel does not let this user look: "
		     "kernel.perf_event_paranoid is %d, and has to be %s; "
		     "the sampler referenced needs no right",
		    name, paranoia(),
		    run->sampler == SAMPLER_PERF ? "1 or less" : "2 or less");
	else if (run->sampler == SAMPLER_PERF &&
	    mentions(line, "not supported"))
		fail("--sampler perf: this processor does not tell of loads "
		     "and stores (PEBS, IBS or SPE), as in most virtual "
		     "machines: the samplers referenced, dhat and "
		     "perf:page-faults do without");
	else
		fail("--sampler %s: perf does not start: %s", name,
		    line[0] != '\0' ? line : "it says nothing");
}

/* ---- Beginning ----------------------------------------------------------- */

/* Whether perf answers; it does when all is set up. */
static bool
enable(const struct perf_program *perf)
{
	struct pollfd answer = { .fd = perf->control, .events = POLLIN };
	char text[16];

	return send(perf->control, "enable\n", 7, MSG_NOSIGNAL) == 7 &&
	    poll(&answer, 1, ANSWER_MS) > 0 &&
	    recv(perf->control, text, sizeof(text), MSG_DONTWAIT) > 0;
}

struct ends {
	int control[2], data[2], lines[2], nothing;
};

static bool
make_ends(struct ends *ends, struct perf_program *perf)
{
	bool made;

	*ends = (struct ends){ { -1, -1 }, { -1, -1 }, { -1, -1 }, -1 };
	perf->said = memfd_create("perf", MFD_CLOEXEC);
	ends->nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	made = perf->said >= 0 && ends->nothing >= 0 &&
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends->control) ==
		0 &&
	    pipe2(ends->data, O_CLOEXEC) == 0 &&
	    pipe2(ends->lines, O_CLOEXEC) == 0 &&
	    fcntl(ends->lines[0], F_SETFL, O_NONBLOCK) == 0;

	if (made) {
		fcntl(ends->data[0], F_SETPIPE_SZ, PIPE_BYTES);
		fcntl(ends->lines[0], F_SETPIPE_SZ, PIPE_BYTES);
	}
	return made;
}

static void
close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void
start_both(struct perf_program *perf, struct ends *ends, const char *path,
    const char *const *words)
{
	const int of_record[] = { ends->nothing, ends->data[1], perf->said,
		ends->control[1] };
	const int of_script[] = { ends->data[0], ends->lines[1], perf->said,
		ends->nothing };

	perf->record = start(path, words, of_record);
	perf->script = start(path, words_of_script, of_script);
	perf->control = ends->control[0];
	perf->lines = ends->lines[0];
}

static void
wait_for_both(const struct perf_program *perf, int status[2])
{
	status[0] = status[1] = 0;
	if (perf->record > 0)
		waitpid(perf->record, &status[0], 0);
	if (perf->script > 0)
		waitpid(perf->script, &status[1], 0);
}

static void
drop(struct perf_program *perf)
{
	close_if_open(perf->control);
	close_if_open(perf->lines);
	close_if_open(perf->said);
	free(perf);
}

struct perf_program *
perf_program_start(const struct run *run, pid_t pid)
{
	struct perf_program *perf = calloc(1, sizeof(*perf));
	const char *words[WORDS];
	char path[PATH_MAX];
	struct ends ends;
	int status[2];

	if (perf == NULL || program_search("perf", path) != 0) {
		fail("--sampler %s runs perf, and there is none in PATH: "
		     "install the package linux-perf",
		    sampler_name(run));
		free(perf);
		return NULL;
	}
	perf->control = perf->lines = -1;
	words_of_record(run, pid, words);
	if (make_ends(&ends, perf))
		start_both(perf, &ends, path, words);
	close_if_open(ends.control[1]);
	close_if_open(ends.data[0]);
	close_if_open(ends.data[1]);
	close_if_open(ends.lines[1]);
	close_if_open(ends.nothing);
	if (perf->record > 0 && perf->script > 0 && enable(perf))
		return perf;
	if (perf->record > 0)
		kill(perf->record, SIGKILL);
	if (perf->script > 0)
		kill(perf->script, SIGKILL);
	wait_for_both(perf, status);
	say_why(run, perf);
	drop(perf);
	return NULL;
}

/* ---- Reading ------------------------------------------------------------- */

/* " 4548/4548   1398.072250466:     1 page-faults:     55f026f0d5c0". A process
 * that has ended meanwhile is -1. */
static void
take_line(struct perf_samples *samples, const char *line)
{
	const char *last = strrchr(line, ' ');
	const char *lost = strstr(line, LOST);
	uint64_t seconds, nanoseconds, address, events;
	char rest;
	int pid;

	if (lost != NULL)
		samples->lost += strtoull(lost + strlen(LOST), NULL, 10);
	if (lost != NULL || last == NULL ||
	    sscanf(line, "%d/%*d %" SCNu64 ".%9" SCNu64 ": %" SCNu64, &pid,
		&seconds, &nanoseconds, &events) != 4 ||
	    sscanf(last, "%" SCNx64 "%c", &address, &rest) != 1)
		return;
	samples->all++;
	samples->last_us = seconds * 1000000 + nanoseconds / 1000;
	if (pid > 0 && address != 0 &&
	    list_has_room(&samples->list, samples->count, &samples->room,
		sizeof(*samples->list)))
		samples->list[samples->count++] = (struct perf_sample){ pid,
			samples->last_us, address, events };
}

static void
take_lines(struct perf_program *perf, struct perf_samples *samples)
{
	char *line = perf->line, *end;

	perf->line[perf->have] = '\0';
	while ((end = strchr(line, '\n')) != NULL) {
		*end = '\0';
		take_line(samples, line);
		line = end + 1;
	}
	perf->have -= (size_t)(line - perf->line);
	if (perf->have == sizeof(perf->line) - 1)
		perf->have = 0;
	memmove(perf->line, line, perf->have);
}

/* All that can be read without waiting. */
static void
read_lines(struct perf_program *perf, struct perf_samples *samples)
{
	ssize_t got;

	while (!perf->is_over &&
	    (got = read(perf->lines, perf->line + perf->have,
		 sizeof(perf->line) - 1 - perf->have)) != -1) {
		perf->is_over = got == 0;
		perf->have += (size_t)got;
		take_lines(perf, samples);
	}
}

void
perf_program_read(struct perf_program *perf, struct perf_samples *samples)
{
	char text[256];

	while (recv(perf->control, text, sizeof(text), MSG_DONTWAIT) > 0)
		;
	send(perf->control, "ping\n", 5, MSG_NOSIGNAL | MSG_DONTWAIT);
	read_lines(perf, samples);
}

/* ---- The end ------------------------------------------------------------- */

/* One that waits for the next word when the signal comes, and has looked for
 * signals just before, sees the end of its words. One that says nothing any
 * more is killed. */
void
perf_program_end(struct perf_program *perf, struct perf_samples *samples)
{
	struct pollfd lines = { .fd = perf->lines, .events = POLLIN };
	char line[256];
	int status[2];

	kill(perf->record, SIGINT);
	shutdown(perf->control, SHUT_WR);
	while (!perf->is_over) {
		if (poll(&lines, 1, ANSWER_MS) == 0) {
			kill(perf->record, SIGKILL);
			kill(perf->script, SIGKILL);
		}
		read_lines(perf, samples);
	}
	wait_for_both(perf, status);
	first_line(perf, line);
	if ((status[0] != 0 &&
		!(WIFSIGNALED(status[0]) && WTERMSIG(status[0]) == SIGINT)) ||
	    status[1] != 0)
		fail("warning: perf ended before the program did%s%.200s: "
		     "later accesses are not counted",
		    line[0] != '\0' ? ": " : "", line);
	drop(perf);
}
