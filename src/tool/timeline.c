/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * timeline.c - see timeline.h: the record, and its file.
 *
 * The file is lines of words: "t SECONDS" begins a sample, and has behind it
 * "k NAME COMMITTED LIVE LIMIT FAILURES SPILLS" for each kind and
 * "n NODE BYTES" for each node.
 */
#include "tool/timeline.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/base.h"
#include "base/error.h"
#include "file/whole_file.h"
#include "tool/clock.h"
#include "tool/commands.h"

#define FIRST_LINE "poolkind timeline 1"

/* Looking takes at most such a part of a processor. */
#define COST_PART 10
#define STEP 0.1 /* seconds, from one look for the end to the next */

struct timeline *
timeline_new(double interval)
{
	struct timeline *timeline = calloc(1, sizeof(*timeline));

	if (timeline != NULL)
		timeline->interval = interval;
	return timeline;
}

void
timeline_free(struct timeline *timeline)
{
	free(timeline);
}

/* ---- Samples ------------------------------------------------------------- */

/* Every second one goes. */
static void
thin_out(struct timeline *timeline)
{
	size_t kept = 0;

	for (size_t i = 0; i < timeline->samples; i += 2, kept++) {
		timeline->time[kept] = timeline->time[i];
		memcpy(timeline->cell[kept], timeline->cell[i],
		    sizeof(timeline->cell[i]));
		memcpy(timeline->on_node[kept], timeline->on_node[i],
		    sizeof(timeline->on_node[i]));
	}
	timeline->samples = kept;
	timeline->interval *= 2;
}

/* The number of a new sample. */
static size_t
begin_sample(struct timeline *timeline, double time)
{
	size_t sample;

	if (timeline->samples == SAMPLES_MAX)
		thin_out(timeline);
	sample = timeline->samples++;
	timeline->time[sample] = time;
	memset(timeline->cell[sample], 0, sizeof(timeline->cell[sample]));
	memset(timeline->on_node[sample], 0, sizeof(timeline->on_node[sample]));
	return sample;
}

/* The series of a name, or NULL if there are too many. */
static struct timeline_cell *
cell_of(struct timeline *timeline, size_t sample, const char *name)
{
	char plain[sizeof(timeline->name[0])];
	size_t i;

	snprintf(plain, sizeof(plain), "%s", name[0] == '\0' ? "?" : name);
	for (i = 0; plain[i] != '\0'; i++)
		if ((unsigned char)plain[i] <= ' ')
			plain[i] = '?';
	for (i = 0; i < timeline->series; i++)
		if (strcmp(timeline->name[i], plain) == 0)
			return &timeline->cell[sample][i];
	if (timeline->series == SERIES_MAX)
		return NULL;
	strcpy(timeline->name[timeline->series++], plain);
	return &timeline->cell[sample][i];
}

static void
add_on_node(
    struct timeline *timeline, size_t sample, unsigned node, uint64_t bytes)
{
	size_t i = 0;

	while (i < timeline->nodes && timeline->node[i] != node)
		i++;
	if (i == SERIES_NODES)
		return;
	if (i == timeline->nodes)
		timeline->node[timeline->nodes++] = node;
	timeline->on_node[sample][i] += bytes;
}

static void
add_kind(struct timeline *timeline, size_t sample,
    const struct stats_kind *kind, bool *met)
{
	struct timeline_cell *cell = cell_of(timeline, sample, kind->name);

	if (cell != NULL) {
		met[cell - timeline->cell[sample]] = true;
		cell->committed += kind->value[STATS_COMMITTED];
		cell->live += kind->value[STATS_LIVE];
		if (kind->value[STATS_LIMIT] != STATS_NONE)
			cell->limit += kind->value[STATS_LIMIT];
		cell->failures += kind->value[STATS_FAILURES];
		cell->spills += kind->value[STATS_SPILLS];
	}
	for (unsigned i = 0; kind->on_node != NULL && i < kind->nodes; i++)
		if (kind->on_node[i] != 0)
			add_on_node(timeline, sample, i, kind->on_node[i]);
}

/* What could not be told is as it was: it is open, but nobody knows what is in
 * it. */
static void
keep_untold(struct timeline *timeline, size_t sample, const bool *met)
{
	for (size_t i = 0; sample > 0 && i < timeline->series; i++)
		if (!met[i])
			timeline->cell[sample][i] = timeline
							->cell[sample - 1][i];
}

void
timeline_add(
    struct timeline *timeline, double time, const struct stats_process *first)
{
	size_t sample = begin_sample(timeline, time);
	bool met[SERIES_MAX] = { false };
	unsigned untold = 0;

	for (; first != NULL; first = first->next) {
		untold += first->untold;
		for (const struct stats_kind *k = first->kinds; k != NULL;
		     k = k->next)
			add_kind(timeline, sample, k, met);
	}
	if (untold != 0)
		keep_untold(timeline, sample, met);
}

/* Whether nothing was met at the last sample. */
static bool
ends_empty(const struct timeline *timeline)
{
	static const struct timeline_cell none[SERIES_MAX];

	return timeline->samples > 1 &&
	    memcmp(timeline->cell[timeline->samples - 1], none, sizeof(none)) ==
	    0;
}

/* Looks meanwhile whether it is over: of a long run samples are minutes
 * apart. */
static void
sleep_for(double seconds, bool (*done)(void *to), void *to)
{
	double end = clock_seconds(CLOCK_MONOTONIC) + seconds, left = seconds;

	while (left > 0) {
		double step = left < STEP ? left : STEP;
		struct timespec pause = { 0, (long)(step * 1e9) };

		nanosleep(&pause, NULL);
		left = done(to) ? 0 : end - clock_seconds(CLOCK_MONOTONIC);
	}
}

/* Nothing is recorded before there is a kind. */
void
timeline_watch(struct timeline *timeline,
    struct stats_process *(*look)(void *to), bool (*done)(void *to), void *to)
{
	double start = clock_seconds(CLOCK_MONOTONIC);

	while (!done(to)) {
		double time = clock_seconds(CLOCK_MONOTONIC) - start;
		double before = clock_seconds(CLOCK_PROCESS_CPUTIME_ID), cost;
		struct stats_process *first = look(to);

		if (first != NULL || timeline->samples != 0)
			timeline_add(timeline, time, first);
		outside_free(first);
		cost = clock_seconds(CLOCK_PROCESS_CPUTIME_ID) - before;
		sleep_for(cost * COST_PART > timeline->interval ?
			cost * COST_PART :
			timeline->interval,
		    done, to);
	}
	while (ends_empty(timeline))
		timeline->samples--;
}

/* ---- The file ------------------------------------------------------------ */

static void
write_sample(const struct timeline *timeline, size_t sample, FILE *to)
{
	fprintf(to, "t %.3f\n", timeline->time[sample]);
	for (size_t i = 0; i < timeline->series; i++) {
		const struct timeline_cell *c = &timeline->cell[sample][i];

		fprintf(to,
		    "k %s %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
		    " %" PRIu64 "\n",
		    timeline->name[i], c->committed, c->live, c->limit,
		    c->failures, c->spills);
	}
	for (size_t i = 0; i < timeline->nodes; i++)
		fprintf(to, "n %u %" PRIu64 "\n", timeline->node[i],
		    timeline->on_node[sample][i]);
}

int
timeline_write(const struct timeline *timeline, const char *path)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);
	int status = 0;

	if (to == NULL)
		return fail("no memory for %s", path);
	fprintf(to, FIRST_LINE "\n");
	for (size_t i = 0; i < timeline->samples; i++)
		write_sample(timeline, i, to);
	if (fclose(to) != 0)
		status = fail("no memory for %s", path);
	else if (whole_file_write(path, text, size) != 0)
		status = fail("%s", error_text());
	free(text);
	return status;
}

/* Whether the line is understood. */
static bool
read_line(struct timeline *timeline, const char *line)
{
	struct timeline_cell cell, *to;
	size_t sample = timeline->samples - 1;
	uint64_t bytes;
	unsigned node;
	char name[64];
	double time;

	if (sscanf(line, "t %lf", &time) == 1) {
		begin_sample(timeline, time);
		return time >= 0 && time < 1e9;
	}
	if (timeline->samples == 0)
		return false;
	if (sscanf(line, "n %u %" SCNu64, &node, &bytes) == 2) {
		add_on_node(timeline, sample, node, bytes);
		return true;
	}
	if (sscanf(line,
		"k %63s %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
		" %" SCNu64,
		name, &cell.committed, &cell.live, &cell.limit, &cell.failures,
		&cell.spills) != 6)
		return false;
	to = cell_of(timeline, sample, name);
	if (to != NULL)
		*to = cell;
	return true;
}

/* The number of the first line that is not understood; 0: all are. */
static unsigned
read_lines(struct timeline *timeline, FILE *file)
{
	char line[512];
	unsigned number = 1;

	if (fgets(line, sizeof(line), file) == NULL ||
	    strcmp(line, FIRST_LINE "\n") != 0)
		return number;
	while (fgets(line, sizeof(line), file) != NULL) {
		number++;
		if (strchr(line, '\n') == NULL || !read_line(timeline, line))
			return number;
	}
	return timeline->samples == 0 ? number : 0;
}

struct timeline *
timeline_read(const char *path)
{
	struct timeline *timeline = timeline_new(1);
	FILE *file = fopen(path, "re");
	unsigned wrong = 0;

	if (timeline == NULL || file == NULL)
		fail("cannot read %s: %s", path, strerror(errno));
	else
		wrong = read_lines(timeline, file);
	if (wrong != 0)
		fail("%s:%u: this is no file that poolkind stat --record "
		     "wrote, or its end is missing",
		    path, wrong);
	if (file != NULL)
		fclose(file);
	else
		wrong = 1;
	if (wrong == 0)
		return timeline;
	timeline_free(timeline);
	return NULL;
}
