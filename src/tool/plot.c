/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * plot.c - the command `poolkind plot', and what `stat --record' writes for it.
 *
 * Owns a timeline while it is made. A process of one thread; no locks.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "tool/commands.h"
#include "tool/timeline.h"

static volatile sig_atomic_t interrupted;

static void
interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

struct recorded {
	const struct stat_wanted *wanted;
	bool met, over;
	int status;
};

static struct stats_process *
look(void *to)
{
	struct recorded *recorded = to;
	struct stats_process *first = stat_look(
	    recorded->wanted, true, true, &recorded->status);

	recorded->over = first == NULL && recorded->met &&
	    recorded->wanted->given;
	recorded->met |= first != NULL;
	return first;
}

/* Processes that were named end it with their end. */
static bool
is_over(void *to)
{
	const struct recorded *recorded = to;

	return interrupted || recorded->over;
}

int
timeline_record(
    const struct stat_wanted *wanted, double interval, const char *path)
{
	struct timeline *timeline = timeline_new(interval);
	struct recorded recorded = { .wanted = wanted };
	struct stats_process *first;
	int status = 0;

	if (timeline == NULL)
		return fail("no memory");
	first = stat_look(wanted, false, false, &status);
	recorded.met = first != NULL;
	outside_free(first);
	if (first == NULL && wanted->given) {
		timeline_free(timeline);
		return FAILED;
	}
	signal(SIGINT, interrupt);
	signal(SIGTERM, interrupt);
	timeline_watch(timeline, look, is_over, &recorded);
	status = timeline->samples == 0 ?
	    fail("%s is not written: there was no kind", path) :
	    timeline_write(timeline, path);
	timeline_free(timeline);
	return status;
}

int
command_plot(int argc, char **argv)
{
	const char *path = NULL;
	const struct option_row options[] = { { "-o", .value = &path } };
	struct timeline *timeline;
	char beside[4096];
	int status = take_options(
	    options, ARRAY_SIZE(options), NULL, &argc, argv);

	if (status != 0)
		return status;
	if (argc != 1)
		return not_understood("plot which file? Write one that "
				      "poolkind stat --record made");
	if (path == NULL &&
	    snprintf(beside, sizeof(beside), "%s.svg", argv[0]) >=
		(int)sizeof(beside))
		return fail("%s: the name is too long", argv[0]);
	timeline = timeline_read(argv[0]);
	if (timeline == NULL)
		return FAILED;
	status = timeline_draw(
	    timeline, "Memory over time", path == NULL ? beside : path);
	timeline_free(timeline);
	return status;
}
