/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ranks.c - see ranks.h.
 *
 * What starts ranks tells each of them by a variable how many of them are on
 * its host; PMIx alone has no variable for it, but what starts ranks by PMIx
 * has one of its own (Open MPI's mpirun, Slurm's srun). The first of the table
 * that is set counts. Those of MPI come before those of Slurm: where mpirun
 * runs in a job of Slurm's it starts one process on each host by srun, and the
 * ranks from that.
 */
#include "spec/ranks.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/environment.h"
#include "base/error.h"
#include "spec/known.h"
#include "spec/spec.h"

#define NODE_NUMBER "SLURM_NODEID"

static const struct source_of_ranks {
	const char *name;
	bool by_host; /* a list of all hosts, as "4(x2),3" */
} variables[] = {
	{ "OMPI_COMM_WORLD_LOCAL_SIZE", false }, /* Open MPI */
	{ "MPI_LOCALNRANKS", false },            /* MPICH, Intel MPI */
	{ "MV2_COMM_WORLD_LOCAL_SIZE", false },  /* MVAPICH2 */
	{ "PMI_LOCAL_SIZE", false },             /* Cray PMI */
	{ "PALS_LOCAL_SIZE", false },            /* HPE PALS */
	{ "SLURM_STEP_TASKS_PER_NODE", true },   /* srun */
	{ "SLURM_TASKS_PER_NODE", true },        /* sbatch, salloc */
	{ "SLURM_NTASKS_PER_NODE", false },
};

static const char *
look_up(char *const *environment, const char *name)
{
	return environment != NULL ? variable_in(environment, name) :
				     variable(name);
}

/* Takes digits from *AT; false if there are none, or too many. */
static bool
take_number(const char **at, const char *end, unsigned *number)
{
	const char *from = *at;
	unsigned value = 0;

	for (; *at < end && **at >= '0' && **at <= '9'; (*at)++)
		if (__builtin_mul_overflow(value, 10u, &value) ||
		    __builtin_add_overflow(
			value, (unsigned)(**at - '0'), &value))
			return false;
	*number = value;
	return *at != from;
}

/* All of TEXT as a number. */
static bool
is_number(const char *text, unsigned *number)
{
	const char *end = text + strlen(text);

	return take_number(&text, end, number) && text == end;
}

/* "4", or "4(x2)" for two hosts in a row. */
static bool
read_item(struct word item, unsigned *ranks, unsigned *hosts)
{
	const char *at = item.text, *end = at + item.length;

	*hosts = 1;
	if (!take_number(&at, end, ranks))
		return false;
	if (at == end)
		return true;
	if (end - at < 4 || at[0] != '(' || at[1] != 'x' || end[-1] != ')')
		return false;
	at += 2;
	return take_number(&at, end - 1, hosts) && at == end - 1;
}

/* The ranks on host HOST of LIST; 0 if it is no list, or has not so many. */
static unsigned
find_host(const char *list, unsigned host)
{
	struct word rest = word_of(list), item;
	unsigned ranks, hosts, found = 0;

	while (word_next(&rest, ',', &item)) {
		if (!read_item(item, &ranks, &hosts))
			return 0;
		if (found == 0 && host < hosts)
			found = ranks;
		host -= host < hosts ? host : hosts;
	}
	return found;
}

/* Which of the hosts is this one need not be said where there is but one. */
static unsigned
read_list(char *const *environment, const char *list)
{
	const char *text = look_up(environment, NODE_NUMBER);
	unsigned host = 0, ranks;

	if (text == NULL)
		return is_number(list, &ranks) ? ranks : 0;
	return is_number(text, &host) ? find_host(list, host) : 0;
}

static void
not_understood(char *const *environment, const struct source_of_ranks *one,
    const char *text)
{
	const char *host = look_up(environment, NODE_NUMBER);

	if (one->by_host)
		error_set(EINVAL,
		    "limit=share: %s=%s does not say how many ranks are on "
		    "the host of " NODE_NUMBER "=%s: write a list such as "
		    "4(x2),3, and the number of this host in it, from 0",
		    one->name, quote(word_of(text)).text,
		    host == NULL ? "" : quote(word_of(host)).text);
	else
		error_set(EINVAL,
		    "limit=share: %s=%s is not how many ranks are on this "
		    "host: write a number from 1",
		    one->name, quote(word_of(text)).text);
}

/* Names all of them, so that who has none sets one. */
static void
none_is_set(void)
{
	char names[256] = "";

	for (size_t i = 0; i < ARRAY_SIZE(variables); i++)
		strcat(strcat(names, i == 0 ? "" : ", "), variables[i].name);
	error_set(EINVAL,
	    "limit=share: none of %s is set; mpirun and srun set one", names);
}

unsigned
ranks_here(char *const *environment)
{
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++) {
		const struct source_of_ranks *one = &variables[i];
		const char *text = look_up(environment, one->name);
		unsigned ranks = 0;

		if (text == NULL)
			continue;
		if (one->by_host)
			ranks = read_list(environment, text);
		else if (!is_number(text, &ranks))
			ranks = 0;
		if (ranks == 0)
			not_understood(environment, one, text);
		return ranks;
	}
	none_is_set();
	return 0;
}
