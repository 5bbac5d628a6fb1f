/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stat_look.c - see stat.h.
 */
#include "tool/stat.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "tool/commands.h"
#include "tool/options.h"

/* ---- Which --------------------------------------------------------------- */

static int
take_user(struct stat_wanted *wanted)
{
	const struct passwd *entry = getpwnam(wanted->user);
	unsigned long number;

	if (entry != NULL)
		wanted->user_id = entry->pw_uid;
	else if (is_number(wanted->user, &number) && number < UINT_MAX)
		wanted->user_id = (uid_t)number;
	else
		return fail("there is no user \"%s\"", wanted->user);
	return 0;
}

static int
take_processes(struct stat_wanted *wanted, int argc, char **argv)
{
	unsigned long number;

	for (int i = 0; i < argc; i++) {
		if (!is_number(argv[i], &number) || number == 0 ||
		    number > INT_MAX)
			return not_understood("\"%s\" is not the number of a "
					      "process",
			    argv[i]);
		if (!list_add(&wanted->given_list, (int)number))
			return fail("no memory");
	}
	wanted->given = argc > 0;
	return 0;
}

/* The job of the first process that was named, or of this command. */
static int
take_job(struct stat_wanted *wanted)
{
	struct listed own;

	list_find_job(
	    wanted->given ? wanted->given_list.process[0].process : getpid(),
	    &own);
	if (wanted->given && own.job[0] == '\0')
		return fail("process %d is of no job that its environment "
			    "names, or may not be read",
		    own.process);
	memcpy(wanted->own_job, own.job, sizeof(own.job));
	return 0;
}

int
stat_read_wanted(struct stat_wanted *wanted, int argc, char **argv)
{
	int status = take_processes(wanted, argc, argv);

	if (status == 0 &&
	    wanted->all + (wanted->user != NULL) +
		    (wanted->given && !wanted->job) >
		1)
		status = not_understood("which processes? Numbers, --all and "
					"--user are each for themselves");
	if (status == 0 && wanted->user != NULL)
		status = take_user(wanted);
	else
		wanted->user_id = geteuid();
	if (status == 0 && wanted->job)
		status = take_job(wanted);
	return status;
}

/* ---- What of them -------------------------------------------------------- */

/* All others that may not be read are told in one line: most of them have no
 * kinds. */
struct untold {
	unsigned refused;
	bool named; /* each is told */
	bool quiet;
	int *status;
};

static void
say_untold(struct untold *untold, const struct listed *listed,
    enum outside_answer answer, const char *why)
{
	if (answer == OUTSIDE_REFUSED)
		untold->refused++;
	if (!untold->named && answer != OUTSIDE_UNSURE &&
	    answer != OUTSIDE_TOLD)
		return;
	*untold->status = FAILED;
	if (!untold->quiet)
		fail("process %d: %s", listed->process, why);
}

static void
set_rank(struct stats_process *first, const struct listed *listed)
{
	for (; first != NULL; first = first->next)
		if (listed->job[0] != '\0') {
			first->job = strdup(listed->job);
			first->rank = strdup(listed->rank);
		}
}

static struct stats_process *
look_at(const struct process_list *list, bool residence, struct untold *untold)
{
	struct stats_process *first = NULL, **end = &first;
	char why[OUTSIDE_WHY_MAX];

	for (size_t i = 0; i < list->count; i++) {
		const struct listed *listed = &list->process[i];
		struct stats_process **before = end;
		enum outside_answer answer = outside_read(
		    listed->process, residence, &end, why);

		if (answer == OUTSIDE_TOLD)
			set_rank(*before, listed);
		if (why[0] != '\0')
			say_untold(untold, listed, answer, why);
	}
	return first;
}

struct stats_process *
stat_look(
    const struct stat_wanted *wanted, bool residence, bool quiet, int *status)
{
	struct untold untold = { 0, wanted->given && !wanted->job, quiet,
		status };
	struct process_list list = { 0 };
	struct stats_process *first;

	if (untold.named)
		return look_at(&wanted->given_list, residence, &untold);
	if (!list_all(&list,
		wanted->all || (wanted->job && wanted->user == NULL) ?
		    NULL :
		    &wanted->user_id))
		*status = fail("/proc cannot be read: %s", strerror(errno));
	if (wanted->job)
		list_keep_job(&list, wanted->own_job);
	first = look_at(&list, residence, &untold);
	list_free(&list);
	if (untold.refused != 0 && !quiet)
		fail("%u more processes may not be read: root may",
		    untold.refused);
	return first;
}
