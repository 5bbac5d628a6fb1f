/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stat.h - which processes stat, top and the timeline look at, and looking.
 *
 * Owns the list of them, and what was found, until it is freed. No locks.
 */
#ifndef TOOL_STAT_H
#define TOOL_STAT_H

#include "outside/list.h"
#include "outside/outside.h"
#include "tool/options.h"

struct stat_wanted {
	bool all, job;
	const char *user;
	bool given; /* by numbers */
	char own_job[JOB_MAX];
	uid_t user_id;
	struct process_list given_list;
};

/* Reads the words that are no options: numbers of processes; without any of
 * these, and without a flag, the user's. 0, or the status to end with; then all
 * is said. */
int stat_read_wanted(struct stat_wanted *wanted, int argc, char **argv);

/* What is told of the processes, to be freed by outside_free(). QUIET: nothing
 * is said of those that nothing can be told of. Sets *STATUS to FAILED where
 * that is so of a process that was named, or where what could be told may have
 * been wrong. */
struct stats_process *stat_look(
    const struct stat_wanted *wanted, bool residence, bool quiet, int *status);

/* As a table: at most ROWS lines of WIDTH characters, where these are not 0. */
void stat_print_table(
    const struct stats_process *first, unsigned rows, unsigned width);

#endif /* TOOL_STAT_H */
