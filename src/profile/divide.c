/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * divide.c - units whose blocks differ in how hot they are become several. See
 * units.h.
 *
 * By functions: the stacks of a unit are looked at from the inside out, up to
 * the first frames in which they differ. Those with the same function there are
 * a part, if that function, or one further out, is on all of its stacks and on
 * no other stack that a rule about a function might be for. What has none is
 * the remainder, for which the rule of the place stands behind the others.
 *
 * By sizes: a power of two from which on blocks are hotter, or colder, than the
 * smaller ones.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/error.h"
#include "profile/units.h"

/* Parts are told apart if one is so much hotter than another. */
#define STACKS_DIFFER 1.5
#define SIZES_DIFFER 4.0
#define LEAST_PART 0.01 /* of a unit's peak: smaller ones are no part */
#define PARTS_MAX 64

static int
no_memory(void)
{
	return error_set(ENOMEM, "no memory to look at sites");
}

/* ---- Stacks -------------------------------------------------------------- */

/* The function of a frame, from outside of what all sites of a place share. */
static const char *
function_at(const struct profile_site *site, size_t depth)
{
	size_t at = place_end(site) + depth;

	return at < site->frame_count ? site->frames[at].function : NULL;
}

static bool
is_same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* The least depth at which not all sites have the same function; false where
 * they all have up to their ends. */
static bool
find_difference(const struct unit *unit, size_t *depth)
{
	size_t deepest = 0;

	for (size_t i = 0; i < unit->site_count; i++)
		deepest = max_size(deepest, unit->sites[i]->frame_count);
	for (*depth = 0; *depth < deepest; ++*depth)
		for (size_t i = 1; i < unit->site_count; i++)
			if (!is_same(function_at(unit->sites[0], *depth),
				function_at(unit->sites[i], *depth)))
				return true;
	return false;
}

static bool
is_on(const struct profile_site *site, const char *name)
{
	for (size_t i = 0; i < site->frame_count; i++)
		if (is_same(site->frames[i].function, name))
			return true;
	return false;
}

/* ---- Parts by function --------------------------------------------------- */

struct part {
	struct profile_site **sites;
	size_t count;
	const char *function; /* NULL: none is its own */
};

static bool
is_in(const struct part *part, const struct profile_site *site)
{
	for (size_t i = 0; i < part->count; i++)
		if (part->sites[i] == site)
			return true;
	return false;
}

/* Whether NAME is on all stacks of the part, and on no other of a unit that has
 * several: units of one stack have their own rules before. */
static bool
is_own(const struct units *units, const struct part *part, const char *name)
{
	if (name == NULL || strpbrk(name, "\"(") != NULL ||
	    unit_is_whole_program(name))
		return false;
	for (size_t i = 0; i < part->count; i++)
		if (!is_on(part->sites[i], name))
			return false;
	for (size_t i = 0; i < units->count; i++) {
		const struct unit *unit = &units->list[i];

		for (size_t j = 0; j < unit->site_count; j++)
			if ((unit->site_count > 1 || unit->by != UNIT_SITE) &&
			    is_on(unit->sites[j], name) &&
			    !is_in(part, unit->sites[j]))
				return false;
	}
	return true;
}

static void
choose_function(const struct units *units, struct part *part)
{
	const struct profile_site *site = part->sites[0];
	size_t at = place_first(site);

	for (; at < site->frame_count && part->function == NULL; at++)
		if (is_own(units, part, site->frames[at].function))
			part->function = site->frames[at].function;
}

/* Sites in the order of their functions at DEPTH, and the parts of them. */
static size_t
make_parts(const struct unit *unit, size_t depth, struct part *parts)
{
	size_t count = 0, done = 0;
	struct profile_site **sites = unit->sites;

	while (done < unit->site_count && count < PARTS_MAX) {
		const char *name = function_at(sites[done], depth);
		struct part *part = &parts[count++];

		*part = (struct part){ .sites = &sites[done] };
		for (size_t i = done; i < unit->site_count; i++) {
			struct profile_site *site = sites[i];

			if (!is_same(function_at(site, depth), name))
				continue;
			sites[i] = sites[done];
			sites[done++] = site;
			part->count++;
		}
	}
	return done == unit->site_count ? count : 0;
}

static double
heat_of(const struct part *part)
{
	double accesses = 0, peak = 0;

	for (size_t i = 0; i < part->count; i++) {
		accesses += (double)part->sites[i]->accesses;
		peak += (double)part->sites[i]->peak;
	}
	return peak == 0 ? 0 : accesses / peak;
}

static bool
differ(const struct part *parts, size_t count)
{
	double least = heat_of(&parts[0]), most = least;

	for (size_t i = 1; i < count; i++) {
		double heat = heat_of(&parts[i]);

		least = heat < least ? heat : least;
		most = heat > most ? heat : most;
	}
	return most > STACKS_DIFFER * least;
}

/* What is left without a function of its own is put at the end of the sites,
 * where the remainder has it. Returns how many sites that are. */
static size_t
add_parts(
    struct units *units, size_t number, const struct part *parts, size_t count)
{
	struct unit whole = units->list[number];
	size_t left = 0;

	for (size_t i = 0; i < count; i++) {
		const struct part *part = &parts[i];
		struct unit *unit;

		if (part->function == NULL) {
			left += part->count;
			continue;
		}
		unit = units_add(units);
		if (unit == NULL)
			return SIZE_MAX;
		unit->by = UNIT_FUNCTION;
		unit->place = whole.place;
		unit->function = part->function;
		unit->on_stack = part->function;
		unit->group = whole.group;
		unit->sites = calloc(
		    part->count, sizeof(struct profile_site *));
		if (unit->sites == NULL ||
		    asprintf(&unit->condition,
			strpbrk(part->function, " \t#") != NULL ||
				strstr(part->function, "->") != NULL ?
			    "function \"%s\"" :
			    "function %s",
			part->function) < 0) {
			unit->condition = NULL;
			no_memory();
			return SIZE_MAX;
		}
		memcpy(unit->sites, part->sites,
		    part->count * sizeof(struct profile_site *));
		unit->site_count = part->count;
		if (unit_count(units, unit) != 0)
			return SIZE_MAX;
	}
	return left;
}

/* The unit keeps those sites that no part has. */
static int
keep_rest(struct units *units, size_t number, const struct part *parts,
    size_t count, size_t left)
{
	struct unit *unit = &units->list[number];
	struct profile_site **sites = calloc(
	    left + 1, sizeof(struct profile_site *));
	size_t kept = 0;

	if (sites == NULL)
		return no_memory();
	for (size_t i = 0; i < count; i++)
		if (parts[i].function == NULL) {
			memcpy(&sites[kept], parts[i].sites,
			    parts[i].count * sizeof(struct profile_site *));
			kept += parts[i].count;
		}
	free(unit->sites);
	free(unit->need);
	unit->sites = sites;
	unit->site_count = kept;
	unit->by = UNIT_REMAINDER;
	unit->blocks = unit->bytes = unit->accesses = 0;
	unit->peak = unit->most = unit->smallest = 0;
	unit->hottest = 0;
	return unit_count(units, unit);
}

int
units_divide_by_function(struct units *units, size_t number)
{
	struct part parts[PARTS_MAX];
	struct unit *unit = &units->list[number];
	size_t depth, count, left;
	bool any = false;

	if (unit->is_sized || unit->site_count < 2 ||
	    unit->by == UNIT_UNKNOWN || unit->by == UNIT_FUNCTION ||
	    !find_difference(unit, &depth))
		return 0;
	count = make_parts(unit, depth, parts);
	if (count < 2 || !differ(parts, count))
		return 0;
	for (size_t i = 0; i < count; i++) {
		choose_function(units, &parts[i]);
		any |= parts[i].function != NULL;
	}
	if (!any)
		return 0;
	left = add_parts(units, number, parts, count);
	return left == SIZE_MAX ? -1 :
				  keep_rest(units, number, parts, count, left);
}

/* ---- Parts by size ------------------------------------------------------- */

struct sums {
	double peak, accesses, bytes, blocks;
};

static struct sums
sum_sizes(const struct unit *unit, unsigned from, unsigned to)
{
	struct sums sums = { 0 };

	for (size_t i = 0; i < unit->site_count; i++)
		for (unsigned j = from; j < to; j++) {
			const struct profile_size *size = &unit->sites[i]
							       ->size[j];

			sums.peak += (double)size->peak;
			sums.accesses += (double)size->accesses;
			sums.bytes += (double)size->bytes;
			sums.blocks += (double)size->blocks;
		}
	return sums;
}

/* How much hotter one side of a cut is than the other; 0 where one is too
 * little to be a part. */
static double
contrast(const struct unit *unit, unsigned cut)
{
	struct sums low = sum_sizes(unit, 0, cut);
	struct sums high = sum_sizes(unit, cut, PROFILE_SIZES);
	double least = LEAST_PART * (low.peak + high.peak), a, b;

	if (low.peak <= least || high.peak <= least)
		return 0;
	a = low.accesses / low.peak;
	b = high.accesses / high.peak;
	if (a < b) {
		double swap = a;

		a = b;
		b = swap;
	}
	return b > 0 ? a / b : a > 0 ? 1e9 : 0;
}

/* Makes UNIT what it has of the sizes that SUMS is the sum of, as if these had
 * the same share of it at all times. */
static void
cut_down(const struct units *units, struct unit *unit, struct sums sums,
    struct sums all)
{
	double share = all.peak > 0 ? sums.peak / all.peak : 0;

	unit->is_sized = true;
	unit->peak = (uint64_t)((double)unit->peak * share);
	unit->most = (uint64_t)((double)unit->most * share);
	unit->accesses = (uint64_t)sums.accesses;
	unit->bytes = (uint64_t)sums.bytes;
	unit->blocks = (uint64_t)sums.blocks;
	for (size_t i = 0; i < units->profile->snapshots; i++)
		unit->need[i] = (uint64_t)((double)unit->need[i] * share);
}

static int
copy_unit(struct units *units, size_t number, struct unit **copy)
{
	size_t snapshots = units->profile->snapshots + 1;
	struct unit *unit = units_add(units);
	const struct unit *from = &units->list[number];

	if (unit == NULL)
		return -1;
	*unit = *from;
	unit->condition = strdup(from->condition);
	unit->sites = calloc(from->site_count, sizeof(struct profile_site *));
	unit->need = calloc(snapshots, sizeof(*unit->need));
	*copy = unit;
	if (unit->condition == NULL || unit->sites == NULL ||
	    unit->need == NULL)
		return no_memory();
	memcpy(unit->sites, from->sites,
	    from->site_count * sizeof(struct profile_site *));
	memcpy(unit->need, from->need, snapshots * sizeof(*unit->need));
	return 0;
}

int
units_divide_by_size(struct units *units, size_t number)
{
	struct unit *unit = &units->list[number], *upper;
	struct sums low, high, all;
	unsigned best = 0;
	double most = SIZES_DIFFER;

	if (unit->is_sized || unit->by == UNIT_UNKNOWN)
		return 0;
	for (unsigned cut = 1; cut < PROFILE_SIZES; cut++) {
		double by = contrast(unit, cut);

		if (by > most) {
			most = by;
			best = cut;
		}
	}
	if (best == 0)
		return 0;
	low = sum_sizes(unit, 0, best);
	high = sum_sizes(unit, best, PROFILE_SIZES);
	all = sum_sizes(unit, 0, PROFILE_SIZES);
	if (copy_unit(units, number, &upper) != 0)
		return -1;
	unit = &units->list[number];
	unit->high = ((uint64_t)1 << best) - 1;
	upper->low = (uint64_t)1 << best;
	upper->smallest = upper->low;
	cut_down(units, unit, low, all);
	cut_down(units, upper, high, all);
	return 0;
}
