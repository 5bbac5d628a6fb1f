/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * placement.h - which of many things go to which of a few memories, so that at
 * no moment more lies in one than it has room for.
 *
 * Owns nothing but what placement_find() takes while it runs. Called by the
 * command; no locks. Only no memory is an error.
 */
#ifndef PROFILE_PLACEMENT_H
#define PROFILE_PLACEMENT_H

#include <stddef.h>
#include <stdint.h>

#define PLACEMENT_MEMORIES 8

struct placement_thing {
	const uint64_t *need; /* bytes, at each moment */
	uint64_t most;        /* bytes, at the most */
	double value;         /* of it all in the best memory */
};

struct placement {
	const struct placement_thing *things;
	size_t count, moments;
	unsigned memories;
	uint64_t room[PLACEMENT_MEMORIES];
	double gain[PLACEMENT_MEMORIES]; /* for each value; falls */
	int *memory; /* the answer, a number for each thing; -1: none */
};

/* Chooses. A placement in which nothing can be moved, and nothing exchanged
 * for one or several others, for the better; and the best there is where few
 * things matter, unless that takes too long. */
int placement_find(struct placement *placement);

/* The sum of values times gains. */
double placement_value(const struct placement *placement);

#endif /* PROFILE_PLACEMENT_H */
