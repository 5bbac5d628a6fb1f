/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * units.h - what rules can tell apart: sites are put together and divided so
 * that each unit has a condition of its own.
 *
 * A unit is the sites of a line of source; where other code has that line, too,
 * of an offset in a module; where stacks through one place differ in how hot
 * their blocks are, of those that a function, or a call that has an offset, is
 * on; and where blocks of different sizes do, of a range of sizes.
 *
 * Units own their lists and texts, allocated by malloc, until units_free();
 * sites are the profile's. Called by the command; no locks. What fails returns
 * -1 with a sentence.
 */
#ifndef PROFILE_UNITS_H
#define PROFILE_UNITS_H

#include "profile/on_stack.h"
#include "profile/place.h"
#include "profile/profile.h"

enum unit_by {
	UNIT_SITE,      /* "site FILE:LINE" or "site MODULE+0xOFFSET" */
	UNIT_FUNCTION,  /* "function NAME" or "function MODULE+0xOFFSET" */
	UNIT_REMAINDER, /* as a site, behind the functions of that place */
	UNIT_UNKNOWN,   /* no rule can name it */
};

struct unit {
	enum unit_by by;
	char *condition; /* without sizes; NULL: UNIT_UNKNOWN */
	struct place_text place;
	const char *function;
	struct on_stack on_stack; /* UNIT_FUNCTION: what is on its stacks */
	uint64_t low, high;       /* sizes, both included */
	bool is_sized;            /* it has less than all of them */

	struct profile_site **sites;
	size_t site_count;
	size_t group; /* units of one place have the same */
	/* UNIT_FUNCTION: of what it is a part. Rules for a higher level stand
	 * before those for a lower one, of which they are parts. */
	unsigned level;

	uint64_t blocks, bytes, accesses;
	uint64_t peak;     /* at most this lived at once */
	uint64_t *need;    /* memory that a process takes at each snapshot */
	uint64_t most;     /* and at its own peak */
	uint64_t smallest; /* about the size of its smallest blocks */

	/* How hot the coldest and the hottest of its stacks are, in accesses a
	 * byte; and of how many stacks it is. */
	double coldest, hottest;
};

struct units {
	const struct profile *profile;
	struct unit *list;
	size_t count, room;

	/* While they are divided: all that they have, and what is on the stacks
	 * of those that have several. */
	double accesses, bytes;
	struct on_stack_counts *counts;
};

int units_find(struct units *units, const struct profile *profile);
void units_free(struct units *units);

/* Accesses for each byte that lived at once. */
double unit_heat(const struct unit *unit);

/* Whether what a rule names is on the stack of any of its sites. */
bool unit_has_on_stack(const struct unit *unit, const struct on_stack *what);

/* Functions in which all of a program or thread happens, also what was not
 * recorded. */
bool unit_is_whole_program(const char *name);

/* ---- For the files of units.h -------------------------------------------- */

/* Adds one to the list; the texts become its own. */
struct unit *units_add(struct units *units);

/* Counts what the sites of UNIT have. */
int unit_count(const struct units *units, struct unit *unit);

/* Divides the unit of that number by what is on stacks, and by sizes, where its
 * parts differ. */
int units_divide_by_function(struct units *units, size_t number);
int units_divide_by_size(struct units *units, size_t number);

/* What blocks of SIZE take, as the engine rounds it. */
uint64_t unit_class_bytes(uint64_t size);

#endif /* PROFILE_UNITS_H */
