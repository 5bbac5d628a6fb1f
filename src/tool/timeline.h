/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * timeline.h - memory by kind and by node over time, as a record, a file and a
 * picture.
 *
 * Kinds of the same name are one series, whichever processes they are of. When
 * there are SAMPLES_MAX samples every second one goes, and from then on they
 * are twice as far apart: the record of a long run is as large as that of a
 * short one. Owns what it is until timeline_free(). No locks.
 */
#ifndef TOOL_TIMELINE_H
#define TOOL_TIMELINE_H

#include "stats/numbers.h"
#include "tool/stat.h"

#define SAMPLES_MAX 1024
#define SERIES_MAX 64 /* what is more is not recorded */
#define SERIES_NODES 32

struct timeline_cell {
	uint64_t committed, live, limit; /* limit 0: none */
	uint64_t failures, spills;       /* since the kind was opened */
};

struct timeline {
	size_t samples, series, nodes;
	double interval; /* seconds between two samples, at least */
	char name[SERIES_MAX][64];
	unsigned node[SERIES_NODES];
	double time[SAMPLES_MAX];
	struct timeline_cell cell[SAMPLES_MAX][SERIES_MAX];
	uint64_t on_node[SAMPLES_MAX][SERIES_NODES];
};

/* One with no sample, or NULL. */
struct timeline *timeline_new(double interval);
void timeline_free(struct timeline *timeline);

/* A sample of what was found, at so many seconds. */
void timeline_add(
    struct timeline *timeline, double time, const struct stats_process *first);

/* Takes samples of what LOOK finds, until DONE; both get TO. */
void timeline_watch(struct timeline *timeline,
    struct stats_process *(*look)(void *to), bool (*done)(void *to), void *to);

/* As text, to a file that has its name when it is whole; and back, NULL with a
 * line said. 0, or the status to end with; then all is said. */
int timeline_write(const struct timeline *timeline, const char *path);
struct timeline *timeline_read(const char *path);

/* As a picture. 0, or that status. */
int timeline_draw(
    const struct timeline *timeline, const char *title, const char *path);

/* Records the processes every INTERVAL seconds or less often, until those that
 * were named have ended or a signal comes, and writes that to PATH. 0, or the
 * status to end with; then all is said. */
int timeline_record(
    const struct stat_wanted *wanted, double interval, const char *path);

/* Calls START in a child, which becomes the program, or returns the status to
 * end with; draws the memory of the program and of all that it starts to PATH,
 * and ends as the program ended. Returns the status to end with. */
int run_with_timeline(
    int (*start)(void *to), void *to, const char *program, const char *path);

#endif /* TOOL_TIMELINE_H */
