/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run.h - what `poolkind run` or `poolkind record` was asked for, and what that
 * came to. For the files of these commands.
 */
#ifndef TOOL_RUN_H
#define TOOL_RUN_H

#include "rules/places.h"
#include "rules/rules.h"

/* Which command reads the words; an option is for one or both. */
enum run_command {
	RUN_PLAIN = 1,
	RUN_RECORD = 2,
	RUN_DHAT = 4, /* record, without the library */
};

enum sampler {
	SAMPLER_NONE,
	SAMPLER_REFERENCED,
	SAMPLER_PERF,
	SAMPLER_PERF_FAULTS,
	SAMPLER_DAMON,
	SAMPLER_DHAT,
};

struct run {
	enum run_command command;
	/* What is done when all is found well; the status to end with. */
	int (*start)(struct run *run, const struct rules_table *table);
	struct rules rules;
	struct modules modules;
	struct findings findings;
	unsigned given_kinds; /* by --kind: the first of the rules' kinds */
	unsigned warnings;
	const char *file; /* of rules; NULL: none */
	uint32_t flags;
	size_t sites_from;
	bool sites_are_given;
	bool explain;
	const char *timeline; /* a picture is drawn to; NULL: none is */
	char **files;         /* to be looked at besides the program */
	size_t file_count;
	char **argv; /* the program, and its arguments */
	/* Of RUN_RECORD. */
	const char *output; /* NULL: not given */
	bool is_trace;      /* all calls, in place of a profile */
	enum sampler sampler;
	const char *of_library; /* an option that it obeys; NULL: none */
	bool record_kinds;      /* some were given */
};

/* All of a command, whose words are WORDS; the status to end with. */
int run_command(struct run *run, char **words);

/* Reads WORDS, those behind the command's. 0, or the status to end with; then
 * all is said. */
int run_read_words(struct run *run, char **words);

/* Prints what the kinds and the rules came to. 0, or that status. */
int run_explain(const struct run *run);

static inline bool
sampler_is_perf(const struct run *run)
{
	return run->sampler == SAMPLER_PERF ||
	    run->sampler == SAMPLER_PERF_FAULTS;
}

/* The sampler's name, and what it calls one access. */
const char *sampler_name(const struct run *run);
const char *sampler_unit(const struct run *run);

/* Says the thread's sentence, with the line of the file that is at fault.
 * Returns NOT_UNDERSTOOD. */
int run_failed(const struct run *run);

#endif /* TOOL_RUN_H */
