/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * remote.c - see remote.h.
 */
#include "outside/remote.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"

#define PTRACE_SCOPE "/proc/sys/kernel/yama/ptrace_scope"
#define STRING_STEP 256

FILE *
remote_file(const struct remote *remote, const char *name)
{
	int fd = openat(remote->directory, name, O_RDONLY | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");

	if (file == NULL && fd >= 0)
		close(fd);
	return file;
}

/* Names of programs may have any byte but a zero. */
static void
read_name(struct remote *remote)
{
	FILE *file = remote_file(remote, "comm");
	size_t length = 0;

	if (file == NULL)
		return;
	length = fread(remote->program, 1, PROGRAM_MAX - 1, file);
	if (length > 0 && remote->program[length - 1] == '\n')
		remote->program[length - 1] = '\0';
	fclose(file);
}

/* The last number behind NStgid is that of the innermost namespace. */
static void
read_status(struct remote *remote)
{
	FILE *file = remote_file(remote, "status");
	char line[512], *last;
	unsigned user;

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "Uid: %u", &user) == 1)
			remote->user = user;
		else if (strncmp(line, "State:", 6) == 0)
			sscanf(line + 6, " %c", &remote->state);
		else if (strncmp(line, "NStgid:", 7) == 0 &&
		    (last = strrchr(line, '\t')) != NULL)
			remote->itself = atoi(last);
	}
	if (file != NULL)
		fclose(file);
}

/* The memory comes first: what is read afterwards is of the same program, or of
 * a later one, and then remote_lives() says so. */
int
remote_open(struct remote *remote, int process)
{
	char path[32];
	int error;

	*remote = (struct remote){
		.process = process,
		.itself = process,
		.memory = -1,
		.program = "?",
		.state = '?',
	};
	snprintf(path, sizeof(path), "/proc/%d", process);
	remote->directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (remote->directory < 0)
		return errno == ENOENT ? ESRCH : errno;
	remote->memory = openat(remote->directory, "mem", O_RDONLY | O_CLOEXEC);
	error = remote->memory < 0 ? errno : 0;
	read_name(remote);
	read_status(remote);
	return error == ENOENT ? ESRCH : error;
}

void
remote_close(struct remote *remote)
{
	if (remote->memory >= 0)
		close(remote->memory);
	if (remote->directory >= 0)
		close(remote->directory);
}

bool
remote_read(const struct remote *remote, uint64_t from, void *to, size_t bytes)
{
	size_t done = 0;

	while (done < bytes) {
		ssize_t got = from + done > INT64_MAX ?
		    0 :
		    pread(remote->memory, (char *)to + done, bytes - done,
			(off_t)(from + done));

		if (got <= 0 && !(got < 0 && errno == EINTR))
			return false;
		done += got < 0 ? 0 : (size_t)got;
	}
	return true;
}

/* A read from an address space that is gone is the end of the file; one from a
 * place where nothing is, as at zero, is an error. */
bool
remote_lives(const struct remote *remote)
{
	char byte;

	return pread(remote->memory, &byte, 1, 0) != 0;
}

const char *
remote_gone(const struct remote *remote)
{
	return remote->state == 'Z' ?
	    "has ended, and waits for who started it" :
	    "there is no such process any more";
}

/* By steps that end at multiples of their size, and so never in a page behind
 * the one in which the string ends. Thousands of kinds have two each, so no
 * more memory is taken than what has been read. */
char *
remote_string(const struct remote *remote, uint64_t from, size_t max)
{
	char *text = NULL, *more, *end;
	size_t length = 0, step;

	while (length < max) {
		step = STRING_STEP - (from + length) % STRING_STEP;
		more = realloc(text, length + step);
		if (more == NULL)
			break;
		text = more;
		if (!remote_read(remote, from + length, text + length, step))
			break;
		end = memchr(text + length, '\0', step);
		length += step;
		if (end != NULL && (size_t)(end - text) < max)
			return text;
	}
	free(text);
	return NULL;
}

static int
ptrace_scope(void)
{
	FILE *file = fopen(PTRACE_SCOPE, "re");
	int scope = 0;

	if (file == NULL)
		return 0;
	if (fscanf(file, "%d", &scope) != 1)
		scope = 0;
	fclose(file);
	return scope;
}

void
remote_explain(const struct remote *remote, int error, char *why, size_t size)
{
	if (error != EACCES && error != EPERM)
		snprintf(why, size, "cannot be read: %s", strerror(error));
	else if (remote->user != geteuid() && geteuid() != 0)
		snprintf(why, size,
		    "may not be read: it is user %u's, and this is user %u; "
		    "root may",
		    remote->user, geteuid());
	else if (ptrace_scope() != 0)
		snprintf(why, size,
		    "may not be read: " PTRACE_SCOPE " is %d, with which a "
		    "user reads no process but his shell's children; root may",
		    ptrace_scope());
	else
		snprintf(why, size,
		    "may not be read: it has other rights than its user, or "
		    "keeps others out (PR_SET_DUMPABLE)");
}
