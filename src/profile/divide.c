/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * divide.c - units whose stacks differ in how hot their blocks are become
 * several. See units.h.
 *
 * The stacks of a unit are looked at from the inside out, up to the first
 * frames in which they differ. Those that are the same there are a part, if
 * that frame, or another one, is on all of its stacks and on no other stack
 * that a rule about a function might be for. What has none is the remainder,
 * for which the rule of the place stands behind the others.
 *
 * First functions are told apart by their names; then, as there may be none, or
 * one function may call another at several places, calls by their offsets. A
 * part may have parts again, whose rules then stand before its own.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/error.h"
#include "profile/units.h"
#include "rules/source_path.h"

/* Parts are told apart if one is so much hotter than another. */
#define STACKS_DIFFER 1.5
/* Stacks with less than this share of all accesses, and of all bytes, are no
 * part by themselves. */
#define LEAST_SHARE 0.0005

/* Stacks that are the same up to some depth. */
struct part {
	struct profile_site **sites;
	size_t count;
	struct on_stack own; /* is on all of them and on no other */
};

/* A unit while it is divided. */
struct division {
	struct units *units;
	size_t number;
	enum on_stack_by by;
	size_t sites; /* of the unit, that became those of parts */
};

static int
no_memory(void)
{
	return error_set(ENOMEM, "no memory to look at sites");
}

/* ---- Stacks -------------------------------------------------------------- */

/* What a frame is, from outside of what all sites of a place share. */
static struct on_stack
frame_at(const struct profile_site *site, size_t depth, enum on_stack_by by)
{
	size_t at = place_end(site) + depth;

	return at < site->frame_count ?
	    on_stack_of(&site->frames[at], by) :
	    (struct on_stack){ NULL, PROFILE_NO_MODULE, 0 };
}

static bool
differ_at(const struct part *part, size_t depth, enum on_stack_by by)
{
	struct on_stack first = frame_at(part->sites[0], depth, by);

	for (size_t i = 1; i < part->count; i++) {
		struct on_stack other = frame_at(part->sites[i], depth, by);

		if (!on_stack_is_same(&first, &other))
			return true;
	}
	return false;
}

/* The least depth from DEPTH on at which not all are the same; false where they
 * are up to their ends. */
static bool
find_difference(const struct part *part, enum on_stack_by by, size_t *depth)
{
	size_t deepest = 0;

	for (size_t i = 0; i < part->count; i++)
		deepest = max_size(deepest, part->sites[i]->frame_count);
	for (; *depth < deepest; ++*depth)
		if (differ_at(part, *depth, by))
			return true;
	return false;
}

/* Sites of WHOLE in the order of their frames at DEPTH, and the parts of them,
 * as many as there are sites at the most. */
static size_t
make_parts(const struct part *whole, size_t depth, enum on_stack_by by,
    struct part *parts)
{
	struct profile_site **sites = whole->sites;
	size_t count = 0, done = 0;

	while (done < whole->count) {
		struct on_stack frame = frame_at(sites[done], depth, by);
		struct part *part = &parts[count++];

		*part = (struct part){ .sites = &sites[done] };
		part->own.module = PROFILE_NO_MODULE;
		for (size_t i = done; i < whole->count; i++) {
			struct profile_site *site = sites[i];
			struct on_stack other = frame_at(site, depth, by);

			if (!on_stack_is_same(&frame, &other))
				continue;
			sites[i] = sites[done];
			sites[done++] = site;
			part->count++;
		}
	}
	return count;
}

/* ---- What is a part's own ------------------------------------------------ */

/* Whether a rule can be about it, and is not about all of the program. */
static bool
is_for_rules(const struct on_stack *one, const struct profile_frame *frame)
{
	return on_stack_is_known(one) &&
	    (one->function == NULL || strpbrk(one->function, "\"(") == NULL) &&
	    (frame->function == NULL ||
		!unit_is_whole_program(frame->function));
}

/* Whether it is on all stacks of the part, and on no other of a unit that has
 * several: units of one stack have their own rules before. */
static bool
is_own(const struct units *units, const struct part *part,
    const struct on_stack *one)
{
	if (on_stack_stacks(units->counts, one) != part->count)
		return false;
	for (size_t i = 0; i < part->count; i++)
		if (!on_stack_is_on(one, part->sites[i]))
			return false;
	return true;
}

/* The innermost one. By its offset all stacks of the unit have the first. */
static void
choose_own(const struct division *division, struct part *part)
{
	const struct profile_site *site = part->sites[0];
	size_t at = division->by == ON_STACK_BY_NAME ? place_first(site) :
						       place_end(site);

	for (; at < site->frame_count; at++) {
		const struct profile_frame *frame = &site->frames[at];
		struct on_stack one = on_stack_of(frame, division->by);

		if (is_for_rules(&one, frame) &&
		    is_own(division->units, part, &one)) {
			part->own = one;
			return;
		}
	}
}

/* ---- Heat ---------------------------------------------------------------- */

struct sums {
	double accesses, peak;
};

static struct sums
sum_up(const struct part *part)
{
	struct sums sums = { 0, 0 };

	for (size_t i = 0; i < part->count; i++) {
		sums.accesses += (double)part->sites[i]->accesses;
		sums.peak += (double)part->sites[i]->peak;
	}
	return sums;
}

static bool
differ(const struct part *parts, size_t count)
{
	double least = 0, most = 0;

	for (size_t i = 0; i < count; i++) {
		struct sums sums = sum_up(&parts[i]);
		double heat = sums.peak == 0 ? 0 : sums.accesses / sums.peak;

		least = i == 0 || heat < least ? heat : least;
		most = heat > most ? heat : most;
	}
	return most > STACKS_DIFFER * least;
}

static bool
stacks_differ(const struct part *part)
{
	double least = 0, most = 0;

	for (size_t i = 0; i < part->count; i++) {
		struct part one = { .sites = &part->sites[i], .count = 1 };
		struct sums sums = sum_up(&one);
		double heat = sums.peak == 0 ? 0 : sums.accesses / sums.peak;

		least = i == 0 || heat < least ? heat : least;
		most = heat > most ? heat : most;
	}
	return most > STACKS_DIFFER * least;
}

static bool
matters(const struct units *units, const struct part *part)
{
	struct sums sums = sum_up(part);

	return sums.accesses >= LEAST_SHARE * units->accesses ||
	    sums.peak >= LEAST_SHARE * units->bytes;
}

/* ---- Parts --------------------------------------------------------------- */

/* The text of a rule's condition; NULL: no memory. */
static char *
condition_of(const struct profile *profile, const struct on_stack *own)
{
	const char *name = own->function;
	char *word = NULL, *text = NULL;
	bool quoted;

	if (name == NULL &&
	    asprintf(&word, "%s+0x%" PRIx64,
		source_path_name(profile->modules[own->module].path),
		own->offset) < 0)
		return NULL;
	name = name == NULL ? word : name;
	quoted = strpbrk(name, " \t#") != NULL || strstr(name, "->") != NULL;
	if (asprintf(&text, quoted ? "function \"%s\"" : "function %s", name) <
	    0)
		text = NULL;
	free(word);
	return text;
}

static int
add_part(struct division *division, const struct part *part)
{
	struct units *units = division->units;
	struct unit whole = units->list[division->number];
	struct unit *unit = units_add(units);

	if (unit == NULL)
		return -1;
	unit->by = UNIT_FUNCTION;
	unit->place = whole.place;
	unit->on_stack = part->own;
	unit->group = whole.group;
	unit->level = whole.level + 1;
	unit->condition = condition_of(units->profile, &part->own);
	unit->sites = calloc(part->count, sizeof(struct profile_site *));
	if (unit->sites == NULL || unit->condition == NULL)
		return no_memory();
	unit->function = part->own.function != NULL ?
	    part->own.function :
	    unit->condition + strlen("function ");
	memcpy(unit->sites, part->sites,
	    part->count * sizeof(struct profile_site *));
	unit->site_count = part->count;
	division->sites += part->count;
	for (size_t i = 0; i < part->count; i++)
		part->sites[i] = NULL;
	return unit_count(units, unit);
}

/* The unit keeps those sites that no part has. */
static int
keep_rest(struct units *units, size_t number)
{
	struct unit *unit = &units->list[number];
	size_t kept = 0;

	for (size_t i = 0; i < unit->site_count; i++)
		if (unit->sites[i] != NULL)
			unit->sites[kept++] = unit->sites[i];
	free(unit->need);
	unit->site_count = kept;
	if (unit->by == UNIT_SITE)
		unit->by = UNIT_REMAINDER;
	unit->blocks = unit->bytes = unit->accesses = 0;
	unit->peak = unit->most = unit->smallest = 0;
	unit->hottest = 0;
	return unit_count(units, unit);
}

static int split(struct division *division, const struct part *whole,
    size_t depth, bool if_they_differ);

/* Where a part has nothing of its own, its own parts may have. */
static int
take_parts(
    struct division *division, struct part *parts, size_t count, size_t depth)
{
	bool by_name = division->by == ON_STACK_BY_NAME;
	int result = 0;

	for (size_t i = 0; i < count; i++)
		choose_own(division, &parts[i]);
	for (size_t i = 0; i < count && result == 0; i++) {
		if (!by_name && !matters(division->units, &parts[i]))
			continue;
		if (on_stack_is_known(&parts[i].own))
			result = add_part(division, &parts[i]);
		else if (!by_name && parts[i].count > 1)
			result = split(division, &parts[i], depth + 1, false);
	}
	return result;
}

static int
split(struct division *division, const struct part *whole, size_t depth,
    bool if_they_differ)
{
	struct part *parts;
	size_t count;
	int result = 0;

	if (!find_difference(whole, division->by, &depth))
		return 0;
	parts = calloc(whole->count, sizeof(*parts));
	if (parts == NULL)
		return no_memory();
	count = make_parts(whole, depth, division->by, parts);
	if (!if_they_differ || differ(parts, count))
		result = take_parts(division, parts, count, depth);
	free(parts);
	return result;
}

static int
divide_by(struct units *units, size_t number, enum on_stack_by by)
{
	struct division division = { units, number, by, 0 };
	const struct unit *unit = &units->list[number];
	struct part whole = { .sites = unit->sites, .count = unit->site_count };

	if (unit->is_sized || unit->site_count < 2 || unit->by == UNIT_UNKNOWN)
		return 0;
	if (by == ON_STACK_BY_OFFSET && !stacks_differ(&whole))
		return 0;
	if (split(&division, &whole, 0, by == ON_STACK_BY_NAME) != 0)
		return -1;
	return division.sites > 0 ? keep_rest(units, number) : 0;
}

int
units_divide_by_function(struct units *units, size_t number)
{
	if (units->list[number].by != UNIT_FUNCTION &&
	    divide_by(units, number, ON_STACK_BY_NAME) != 0)
		return -1;
	return divide_by(units, number, ON_STACK_BY_OFFSET);
}
