/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * advise.h - what `poolkind advise` was asked for, and what that came to. For
 * the files of that command.
 *
 * Advice owns its lists until command_advise() ends; no locks. What fails is
 * said on standard error, and the status to end with returned.
 */
#ifndef TOOL_ADVISE_H
#define TOOL_ADVISE_H

#include <stdbool.h>

#include "profile/placement.h"
#include "profile/units.h"
#include "spec/spec.h"

#define ADVICE_FAST_MAX PLACEMENT_MEMORIES
#define ADVICE_MEMORIES (ADVICE_FAST_MAX + 2) /* and the rest, and a part */

struct memory {
	const char *spec;
	char name[16]; /* of its kind in the rules */
	uint64_t room; /* bytes of a process; of the rest not used */
	double bandwidth, latency; /* MB/s, ns; 0: not known */
};

/* Of a unit that does not fit so many bytes in a memory. */
struct advice_part {
	size_t unit;
	unsigned memory;
	uint64_t bytes;
	double value; /* accesses that it serves; 0: there is none */
};

struct advice {
	const char *file, *rules, *curve;
	const char *bandwidths, *latencies; /* as they were given; NULL: not */
	/* The fast ones in the order in which they are preferred, then the
	 * rest, then what is left of a fast one for a part. */
	struct memory memories[ADVICE_MEMORIES];
	unsigned fast;
	const char *rest;

	struct profile *profile;
	struct units units;
	struct placement_thing *things; /* one for each unit */
	struct placement placement;
	uint64_t accesses; /* of all sites */
	bool has_part;
	struct advice_part part;
	char part_spec[SPEC_TEXT_MAX];
};

/* Reads the words of the command. */
int advise_read_words(struct advice *advice, int argc, char **argv);

/* Finds what room the memories have, and how fast they are. */
int advise_find_memories(struct advice *advice);

/* Finds units, and chooses. */
int advise_choose(struct advice *advice);

/* The part that is worth the most beside a placement; and uses it. */
struct advice_part advise_find_part(
    const struct advice *advice, const struct placement *placement);
void advise_use_part(struct advice *advice);

/* The share of all accesses that fast memory would serve, were there TIMES as
 * much of it; less than 0: no memory. */
double advise_share(struct advice *advice, double times);

/* Prints the table and what else there is to say. */
void advise_print(struct advice *advice);

/* Writes the rules, and the curve, where they were asked for. */
int advise_write_rules(const struct advice *advice);
int advise_write_curve(struct advice *advice);

/* How many memories there are with the rest, and with that of a part. */
static inline unsigned
advise_memories(const struct advice *advice)
{
	return advice->fast + 1 + advice->has_part;
}

/* The accesses that a memory serves. */
double advise_served(const struct advice *advice, unsigned memory);

/* The number of the memory of a unit; that of the rest if it is in no other. */
unsigned advise_memory(const struct advice *advice, size_t unit);

/* From which size of requests on sites have to be known for the rules; 0: the
 * usual one will do. */
uint64_t advise_sites_from(const struct advice *advice);

#endif /* TOOL_ADVISE_H */
