/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * list.h - which processes are looked at, and what job they are of.
 *
 * What starts the ranks of a job gives each of them variables that name the job
 * and its rank; they are read where the kernel has them, in /proc/PID/environ.
 * Owns the list until list_free().
 */
#ifndef OUTSIDE_LIST_H
#define OUTSIDE_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define JOB_MAX 128
#define RANK_MAX 16

struct listed {
	int process, parent; /* the parent as list_keep_family() finds it */
	char job[JOB_MAX];   /* "": of none, or it cannot be known */
	char rank[RANK_MAX];
};

struct process_list {
	struct listed *process;
	size_t count, room;
};

/* Of all processes, but for this one and the kernel's own, those that USER has,
 * unless that is NULL. False with errno: /proc cannot be read, or no memory. */
bool list_all(struct process_list *list, const uid_t *user);

bool list_add(struct process_list *list, int process);

/* Keeps those that are of a job: of JOB, if that is not "". By job and rank. */
void list_keep_job(struct process_list *list, const char *job);

/* Keeps ROOT, and what it started, and what that started. */
void list_keep_family(struct process_list *list, int root);

/* Finds out what job PROCESS is of. */
void list_find_job(int process, struct listed *listed);

void list_free(struct process_list *list);

#endif /* OUTSIDE_LIST_H */
