/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * units.c - see units.h.
 */
#include "profile/units.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/error.h"
#include "base/grow.h"

/* The largest block that has a class; jemalloc's with pages of 4 KiB. */
#define SMALL_MAX 14336

static int
no_memory(void)
{
	return error_set(ENOMEM, "no memory to look at sites");
}

/* ---- Lists --------------------------------------------------------------- */

struct unit *
units_add(struct units *units)
{
	struct unit *list = list_grow(
	    units->list, units->count, &units->room, sizeof(*list));

	if (list == NULL) {
		no_memory();
		return NULL;
	}
	units->list = list;
	units->list[units->count] = (struct unit){ .high = UINT64_MAX,
		.on_stack.module = PROFILE_NO_MODULE };
	return &units->list[units->count++];
}

void
units_free(struct units *units)
{
	for (size_t i = 0; i < units->count; i++) {
		free(units->list[i].condition);
		free(units->list[i].sites);
		free(units->list[i].need);
	}
	free(units->list);
	units->list = NULL;
	units->count = 0;
}

/* ---- What a unit has ----------------------------------------------------- */

/* Classes are multiples of 16 up to 128, and then four for each power of two;
 * large blocks of a kind with a limit take whole pages. */
uint64_t
unit_class_bytes(uint64_t size)
{
	uint64_t step = 16;

	if (size <= 8)
		return 8;
	if (size > SMALL_MAX)
		step = PAGE_BYTES;
	else if (size > 128)
		step = (uint64_t)1 << (63 - __builtin_clzll(size - 1) - 2);
	return (size + step - 1) / step * step;
}

/* How much more memory blocks take than was asked for. */
static double
waste(const struct profile_site *site)
{
	double taken = 0, asked = 0;

	for (unsigned i = 0; i < PROFILE_SIZES; i++) {
		const struct profile_size *size = &site->size[i];

		if (size->blocks == 0 || size->bytes == 0)
			continue;
		taken += (double)size->blocks *
		    (double)unit_class_bytes(size->bytes / size->blocks);
		asked += (double)size->bytes;
	}
	return asked > 0 && taken > asked ? taken / asked : 1;
}

static double
heat_of(uint64_t accesses, uint64_t peak)
{
	return peak == 0 ? 0 : (double)accesses / (double)peak;
}

double
unit_heat(const struct unit *unit)
{
	return heat_of(unit->accesses, unit->peak);
}

static void
count_sizes(struct unit *unit, const struct profile_site *site)
{
	for (unsigned i = 0; i < PROFILE_SIZES; i++) {
		const struct profile_size *size = &site->size[i];
		uint64_t mean;

		if (size->blocks == 0)
			continue;
		mean = size->bytes / size->blocks;
		if (unit->smallest == 0 || mean < unit->smallest)
			unit->smallest = mean;
	}
}

static void
count_site(const struct profile *profile, struct unit *unit,
    const struct profile_site *site)
{
	double factor = waste(site);
	double heat = heat_of(site->accesses, site->peak);

	unit->blocks += site->blocks;
	unit->bytes += site->bytes;
	unit->accesses += site->accesses;
	unit->most += (uint64_t)(factor * (double)site->peak);
	unit->peak += site->peak;
	if (unit->coldest < 0 || heat < unit->coldest)
		unit->coldest = heat;
	if (heat > unit->hottest)
		unit->hottest = heat;
	for (size_t i = 0; i < profile->snapshots; i++)
		unit->need[i] += (uint64_t)(factor *
		    (double)profile_of_one(profile, site, i));
	count_sizes(unit, site);
}

/* Sites of one unit may have their peaks at different times: where snapshots
 * say what lived at once, that is the peak, and at least the largest of its
 * sites'. */
static void
settle_peak(const struct profile *profile, struct unit *unit)
{
	uint64_t peak = 0, most = 0;

	if (profile->snapshots == 0 || unit->site_count < 2)
		return;
	for (size_t i = 0; i < profile->snapshots; i++) {
		uint64_t live = 0;

		for (size_t j = 0; j < unit->site_count; j++)
			live += unit->sites[j]->live[i];
		peak = max_size(peak, live);
		most = max_size(most, unit->need[i]);
	}
	for (size_t j = 0; j < unit->site_count; j++)
		peak = max_size(peak, unit->sites[j]->peak);
	unit->peak = min_size(peak, unit->peak);
	unit->most = min_size(max_size(most, unit->peak), unit->most);
}

/* Peaks are those of all processes together: what one process needs at its own
 * is known from snapshots alone. */
static void
settle_most(const struct profile *profile, struct unit *unit)
{
	uint64_t most = 0;

	for (size_t i = 0; i < profile->snapshots; i++)
		most = max_size(most, unit->need[i]);
	if (profile->processes > 1 && most != 0)
		unit->most = most;
}

int
unit_count(const struct units *units, struct unit *unit)
{
	const struct profile *profile = units->profile;

	unit->need = calloc(profile->snapshots + 1, sizeof(*unit->need));
	if (unit->need == NULL)
		return no_memory();
	unit->coldest = -1;
	for (size_t i = 0; i < unit->site_count; i++)
		count_site(profile, unit, unit->sites[i]);
	settle_peak(profile, unit);
	settle_most(profile, unit);
	return 0;
}

bool
unit_is_whole_program(const char *name)
{
	static const char *const names[] = { "main", "start_thread", "clone",
		"clone3", "MAIN__" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return name[0] == '_';
}

bool
unit_has_on_stack(const struct unit *unit, const struct on_stack *what)
{
	for (size_t i = 0; i < unit->site_count; i++)
		if (on_stack_is_on(what, unit->sites[i]))
			return true;
	return false;
}
