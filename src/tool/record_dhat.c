/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record_dhat.c - `poolkind record --sampler dhat`: the program runs under
 * Valgrind's dhat, and what that wrote becomes a profile. See recorded.h.
 *
 * dhat writes a file for each process when it ends, and at no other time: what
 * SIGKILL ends has none. The files are in a folder of the command's, which is
 * removed with all that is in it. Owns that folder, and the profile while it is
 * written.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "base/error.h"
#include "profile/profile.h"
#include "rules/table.h"
#include "tool/commands.h"
#include "tool/recorded.h"
#include "tool/run_program.h"

#define VALGRIND "valgrind"
#define OWN_WORDS 12
#define LOG_END ".log"
#define TICK_MS 250

struct dhat_run {
	const struct run *run;
	char valgrind[PATH_MAX];
	char folder[PATH_MAX];
};

/* ---- The folder ---------------------------------------------------------- */

static int
make_folder(char folder[PATH_MAX])
{
	const char *parent = getenv("TMPDIR");
	char real[PATH_MAX];

	if (parent == NULL || *parent == '\0')
		parent = "/tmp";
	if (realpath(parent, real) != NULL &&
	    snprintf(folder, PATH_MAX, "%s/poolkind-dhat.XXXXXX", real) <
		PATH_MAX &&
	    mkdtemp(folder) != NULL)
		return 0;
	fail("cannot make a folder in %s, for what dhat writes: %s", parent,
	    error_name(errno));
	return NOT_UNDERSTOOD;
}

/* Calls VISIT for each file, until it returns false. */
static bool
each_file(
    const char *folder, bool (*visit)(void *to, const char *path), void *to)
{
	DIR *all = opendir(folder);
	struct dirent *entry;
	char path[PATH_MAX];
	bool goes_on = true;

	while (all != NULL && goes_on && (entry = readdir(all)) != NULL) {
		if (entry->d_name[0] == '.' ||
		    snprintf(path, PATH_MAX, "%s/%s", folder, entry->d_name) >=
			PATH_MAX)
			continue;
		goes_on = visit(to, path);
	}
	if (all != NULL)
		closedir(all);
	return goes_on;
}

static bool
remove_file(void *to, const char *path)
{
	(void)to;
	unlink(path);
	return true;
}

/* ---- The program --------------------------------------------------------- */

struct option {
	char text[2 * PATH_MAX + 32];
};

/* An option for files in the folder, in which "%" is not to be understood:
 * those of the processes, with END behind. */
static void
write_option(struct option *option, const char *name, const char *folder,
    const char *end)
{
	char *at = stpcpy(option->text, name);

	for (; *folder != '\0'; folder++) {
		if (*folder == '%')
			*at++ = '%';
		*at++ = *folder;
	}
	stpcpy(stpcpy(at, "/%p"), end);
}

static int
become_valgrind(void *to)
{
	const struct dhat_run *dhat = to;
	const struct run *run = dhat->run;
	size_t count = 0, at = 0;
	struct option files, logs;
	char **words;

	while (run->argv[count] != NULL)
		count++;
	words = calloc(OWN_WORDS + count, sizeof(*words));
	if (words == NULL) {
		fail("no memory for the command line");
		return NOT_UNDERSTOOD;
	}
	write_option(&files, "--dhat-out-file=", dhat->folder, "");
	write_option(&logs, "--log-file=", dhat->folder, LOG_END);
	words[at++] = VALGRIND;
	words[at++] = "--tool=dhat";
	words[at++] = "-v";
	words[at++] = "-v";
	words[at++] = "-v";
	words[at++] = "--num-callers=128";
	words[at++] = "--vgdb=no";
	words[at++] = (run->flags & RULES_NO_CHILDREN) != 0 ?
	    "--trace-children=no" :
	    "--trace-children=yes";
	words[at++] = files.text;
	words[at++] = logs.text;
	words[at++] = "--";
	memcpy(words + at, run->argv, count * sizeof(*words));
	execv(dhat->valgrind, words);
	fail("cannot run \"%s\": %s", dhat->valgrind, error_name(errno));
	return NOT_STARTED;
}

/* ---- What dhat wrote ----------------------------------------------------- */

/* All processes as one profile. */
struct reading {
	struct profile *profile;
	const char *log; /* of the program itself */
	bool failed;
};

static bool
failed(struct reading *reading)
{
	fail("%s", error_text());
	reading->failed = true;
	return false;
}

static bool
is_log(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot != NULL && strcmp(dot, LOG_END) == 0;
}

/* A file that is cut short is that of a process that was killed meanwhile. A
 * child of fork(2) goes on with its parent's log, which is the program's. */
static bool
read_file(void *to, const char *path)
{
	struct reading *reading = to;
	char log[PATH_MAX + sizeof(LOG_END)];
	struct profile *one;
	bool goes_on = true;

	if (is_log(path))
		return true;
	snprintf(log, sizeof(log), "%s" LOG_END, path);
	one = profile_read_dhat(
	    path, access(log, F_OK) == 0 ? log : reading->log);
	if (one == NULL) {
		fail("warning: one process is left out: %s", error_text());
		return true;
	}
	if (reading->profile == NULL) {
		reading->profile = one;
		return true;
	}
	if (profile_merge(reading->profile, one) != 0)
		goes_on = failed(reading);
	profile_free(one);
	return goes_on;
}

/* The program's own file comes first: what is said of the whole is of it. */
static void
read_all(struct reading *reading, const char *folder, pid_t program)
{
	char own[PATH_MAX], log[PATH_MAX + sizeof(LOG_END)];
	int length = snprintf(own, sizeof(own), "%s/%d", folder, program);

	snprintf(log, sizeof(log), "%s" LOG_END, own);
	reading->log = log;
	if (length < (int)sizeof(own) && access(own, F_OK) == 0) {
		read_file(reading, own);
		unlink(own);
	}
	if (!reading->failed)
		each_file(folder, read_file, reading);
}

static int
write_read(const struct dhat_run *dhat, pid_t program)
{
	struct reading reading = { .profile = NULL };
	int status = FAILED;

	read_all(&reading, dhat->folder, program);
	if (reading.profile == NULL)
		fail("nothing was recorded: dhat writes when a process ends by "
		     "itself, and none did");
	else if (!reading.failed)
		status = profile_write(reading.profile, dhat->run->output) ==
			0 ?
		    0 :
		    fail("%s", error_text());
	profile_free(reading.profile);
	return status;
}

/* ---- The whole ----------------------------------------------------------- */

static int
run_in_folder(struct dhat_run *dhat)
{
	struct program program;
	int status = recorded_begin(become_valgrind, dhat, &program), written;

	if (status == 0) {
		while (!program.has_ended)
			recorded_wait(&program, TICK_MS);
		written = write_read(dhat, program.pid);
	}
	each_file(dhat->folder, remove_file, NULL);
	rmdir(dhat->folder);
	if (status != 0)
		return status;
	status = recorded_status(&program);
	return status != 0 ? status : written;
}

int
record_by_dhat(const struct run *run)
{
	struct dhat_run dhat = { .run = run };
	int status;

	if (program_search(VALGRIND, dhat.valgrind) != 0) {
		fail(
		    "--sampler dhat runs the program under valgrind, and there "
		    "is none in PATH: install the package valgrind");
		return NOT_UNDERSTOOD;
	}
	status = make_folder(dhat.folder);
	return status != 0 ? status : run_in_folder(&dhat);
}
