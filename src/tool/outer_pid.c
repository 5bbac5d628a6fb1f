/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * outer_pid.c - see outer_pid.h. A process has a number in its namespace and in
 * each that this one is in, which the kernel lists in that order (NSpid), from
 * the reader's on.
 */
#include "tool/outer_pid.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool
is_in(const char *process, const char *namespace)
{
	char path[300], text[64];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%s/ns/pid", process);
	length = readlink(path, text, sizeof(text) - 1);
	if (length < 0)
		return false;
	text[length] = '\0';
	return strcmp(text, namespace) == 0;
}

/* The last number of the line. */
static pid_t
inner_pid(const char *process)
{
	static const char name[] = "NSpid:";
	char path[300], line[512];
	const char *last = NULL;
	FILE *status;

	snprintf(path, sizeof(path), "/proc/%s/status", process);
	status = fopen(path, "re");
	while (status != NULL && last == NULL &&
	    fgets(line, sizeof(line), status) != NULL)
		if (strncmp(line, name, sizeof(name) - 1) == 0)
			last = strrchr(line, '\t');
	if (status != NULL)
		fclose(status);
	return last == NULL ? 0 : atoi(last);
}

pid_t
outer_pid(pid_t pid, const char *namespace)
{
	DIR *processes = NULL;
	struct dirent *entry;
	pid_t found = 0;

	if (*namespace == '\0' || is_in("self", namespace))
		return pid;
	processes = opendir("/proc");
	while (processes != NULL && found == 0 &&
	    (entry = readdir(processes)) != NULL)
		if (*entry->d_name >= '1' && *entry->d_name <= '9' &&
		    is_in(entry->d_name, namespace) &&
		    inner_pid(entry->d_name) == pid)
			found = atoi(entry->d_name);
	if (processes != NULL)
		closedir(processes);
	return found;
}
