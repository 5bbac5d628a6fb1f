/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * list.c - see list.h.
 */
#include "outside/list.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "base/grow.h"

#define ENVIRONMENT_MAX ((size_t)1 << 22)
#define STAT_MAX 1024

/* In this order: inside of a job of Slurm's, mpirun has jobs of its own. MPICH
 * names no job: there it is the process that started the ranks. */
static const struct launcher {
	const char *job, *step, *rank;
} launchers[] = {
	{ "PMIX_NAMESPACE", NULL, "PMIX_RANK" },
	{ "OMPI_MCA_ess_base_jobid", NULL, "OMPI_COMM_WORLD_RANK" },
	{ "PALS_APID", NULL, "PALS_RANKID" },
	{ NULL, NULL, "PMI_RANK" },
	{ NULL, NULL, "MV2_COMM_WORLD_RANK" },
	{ "SLURM_JOB_ID", "SLURM_STEP_ID", "SLURM_PROCID" },
};

/* ---- Files of /proc ------------------------------------------------------ */

/* A file of MOST bytes at most, with a zero behind it, to be freed; NULL. */
static char *
read_whole(int process, const char *name, size_t most, size_t *bytes)
{
	char path[64];
	char *text = malloc(most + 1);
	size_t length = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/%s", process, name);
	file = fopen(path, "re");
	if (file != NULL) {
		if (text != NULL)
			length = fread(text, 1, most, file);
		fclose(file);
	}
	if (length == 0) {
		free(text);
		return NULL;
	}
	text[length] = '\0';
	*bytes = length;
	return text;
}

/* The value of a variable in an environment of LENGTH bytes, or NULL. What a
 * program has written over its environment may have no zero at its end. */
static const char *
value_of(const char *environment, size_t length, const char *name)
{
	size_t bytes = strlen(name);

	for (const char *at = environment; at < environment + length;
	     at += strlen(at) + 1)
		if (strncmp(at, name, bytes) == 0 && at[bytes] == '=')
			return at + bytes + 1;
	return NULL;
}

static int
parent_of(int process)
{
	size_t length;
	char *stat = read_whole(process, "stat", STAT_MAX, &length);
	char *end = stat == NULL ? NULL : strrchr(stat, ')');
	int parent = 0;

	if (end != NULL)
		sscanf(end, ") %*c %d", &parent);
	free(stat);
	return parent;
}

/* ---- Jobs ---------------------------------------------------------------- */

static bool
is_rank_of(const struct launcher *launcher, const char *environment,
    size_t length, struct listed *listed)
{
	const char *rank = value_of(environment, length, launcher->rank);
	const char *job = launcher->job == NULL ?
	    NULL :
	    value_of(environment, length, launcher->job);
	const char *step = launcher->step == NULL ?
	    NULL :
	    value_of(environment, length, launcher->step);

	if (rank == NULL || (launcher->job != NULL && job == NULL))
		return false;
	if (job == NULL)
		snprintf(listed->job, JOB_MAX, "process %d",
		    parent_of(listed->process));
	else
		snprintf(listed->job, JOB_MAX, "%s%s%s", job,
		    step == NULL ? "" : ".", step == NULL ? "" : step);
	snprintf(listed->rank, RANK_MAX, "%s", rank);
	return true;
}

void
list_find_job(int process, struct listed *listed)
{
	size_t length;
	char *environment = read_whole(
	    process, "environ", ENVIRONMENT_MAX, &length);

	*listed = (struct listed){ .process = process };
	if (environment == NULL)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(launchers); i++)
		if (is_rank_of(&launchers[i], environment, length, listed))
			break;
	free(environment);
}

static int
compare(const void *a, const void *b)
{
	const struct listed *first = a, *second = b;
	int jobs = strcmp(first->job, second->job);
	long ranks = atol(first->rank) - atol(second->rank);

	if (jobs != 0)
		return jobs;
	if (ranks != 0)
		return ranks < 0 ? -1 : 1;
	return (first->process > second->process) -
	    (first->process < second->process);
}

void
list_keep_job(struct process_list *list, const char *job)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		struct listed *one = &list->process[i];

		list_find_job(one->process, one);
		if (one->job[0] != '\0' &&
		    (job[0] == '\0' || strcmp(job, one->job) == 0))
			list->process[kept++] = *one;
	}
	list->count = kept;
	if (kept != 0)
		qsort(list->process, kept, sizeof(*list->process), compare);
}

static bool
has_process(const struct process_list *list, size_t count, int process)
{
	for (size_t i = 0; i < count; i++)
		if (list->process[i].process == process)
			return true;
	return false;
}

/* Those found so far are moved to the front, until there are no more. */
void
list_keep_family(struct process_list *list, int root)
{
	size_t kept = 0, before;

	for (size_t i = 0; i < list->count; i++)
		list->process[i].parent = parent_of(list->process[i].process);
	do {
		before = kept;
		for (size_t i = kept; i < list->count; i++) {
			struct listed one = list->process[i];

			if (one.process != root &&
			    !has_process(list, kept, one.parent))
				continue;
			list->process[i] = list->process[kept];
			list->process[kept++] = one;
		}
	} while (kept != before);
	list->count = kept;
}

/* ---- The list ------------------------------------------------------------ */

bool
list_add(struct process_list *list, int process)
{
	struct listed *more = list_grow(
	    list->process, list->count, &list->room, sizeof(*more));

	if (more == NULL)
		return false;
	list->process = more;
	list->process[list->count++] = (struct listed){ .process = process };
	return true;
}

/* By who has its folder, as ps(1) does. Threads of the kernel have no command
 * line; neither have the dead. */
static bool
is_wanted(const char *name, const uid_t *user)
{
	struct stat status;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%.*s", 20, name);
	return isdigit((unsigned char)name[0]) && atoi(name) != getpid() &&
	    stat(path, &status) == 0 &&
	    (user == NULL || status.st_uid == *user);
}

bool
list_all(struct process_list *list, const uid_t *user)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	bool done = proc != NULL;

	while (done && (entry = readdir(proc)) != NULL)
		if (is_wanted(entry->d_name, user))
			done = list_add(list, atoi(entry->d_name));
	if (proc != NULL)
		closedir(proc);
	if (done && list->count != 0)
		qsort(list->process, list->count, sizeof(*list->process),
		    compare);
	return done;
}

void
list_free(struct process_list *list)
{
	free(list->process);
	*list = (struct process_list){ 0 };
}
