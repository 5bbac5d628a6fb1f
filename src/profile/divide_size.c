/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * divide_size.c - a unit becomes two at a power of two from which on blocks are
 * hotter, or colder, than the smaller ones. See units.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "profile/units.h"

/* Parts are told apart if one is so much hotter than another. */
#define SIZES_DIFFER 4.0
#define LEAST_PART 0.01 /* of a unit's peak: smaller ones are no part */

static int
no_memory(void)
{
	return error_set(ENOMEM, "no memory to look at sites");
}

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
