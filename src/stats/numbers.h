/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * numbers.h - what is told of the kinds of processes, and writing it.
 *
 * A process tells it of itself (poolkind_write_stats()), the command of others
 * (poolkind stat): from these records, and in the same words, which one table
 * has. Owns nothing: the records are their maker's. Takes no lock, allocates
 * nothing, cannot fail.
 */
#ifndef STATS_NUMBERS_H
#define STATS_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum stats_value {
	STATS_LIVE,
	STATS_CACHED,
	STATS_COMMITTED,
	STATS_PEAK,
	STATS_RESIDENT,
	STATS_LIMIT,
	STATS_SIZE,
	STATS_ACTIVE,
	STATS_ALLOCATIONS,
	STATS_FREES,
	STATS_FAILURES,
	STATS_SPILLS,
	STATS_RETURNS,
	STATS_VALUES
};

/* In the place of a value that is not known, or of a bound that is none. */
#define STATS_NONE UINT64_MAX

struct stats_column {
	const char *name;
	bool counts; /* events since the kind was opened; else bytes now */
	const char *help;
};
extern const struct stats_column stats_columns[STATS_VALUES];

struct stats_kind {
	struct stats_kind *next;
	const char *name, *text;
	uint64_t number; /* among all that the process ever opened, from 0 */
	uint64_t value[STATS_VALUES];
	const size_t *on_node; /* bytes; NULL: not known */
	unsigned nodes;
};

struct stats_process {
	struct stats_process *next;
	int process;
	const char *program;    /* the name that the kernel has */
	const char *engine;     /* the file that has the engine, without .so */
	const char *job, *rank; /* NULL: of none that is known */
	unsigned untold; /* kinds that are missing, as they were changing */
	struct stats_kind *kinds;
};

/* What gets the text, in pieces; TEXT does not end in a zero. */
struct stats_writer {
	void (*write)(void *to, const char *text, size_t length);
	void *to;
};

void stats_write_json(
    const struct stats_process *first, const struct stats_writer *to);
void stats_write_openmetrics(
    const struct stats_process *first, const struct stats_writer *to);

#endif /* STATS_NUMBERS_H */
