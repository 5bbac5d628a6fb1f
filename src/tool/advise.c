/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * advise.c - the command `poolkind advise`: which sites of a program should
 * have their memory from which kinds, by a profile. See advise.h.
 *
 * What a unit is worth are its accesses; what it costs is the memory that it
 * takes at each of the profile's snapshots. Peaks are not added, so what lives
 * at different times may have the same memory.
 */
#include "tool/advise.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "profile/symbols.h"
#include "tool/commands.h"
#include "tool/profiles.h"

#define SITES_FROM 4096 /* of poolkind run */

unsigned
advise_memory(const struct advice *advice, size_t unit)
{
	int memory = advice->placement.memory[unit];

	if (advice->has_part && advice->part.unit == unit)
		return advice->fast + 1;
	return memory < 0 ? advice->fast : (unsigned)memory;
}

double
advise_served(const struct advice *advice, unsigned memory)
{
	double served = 0;

	for (size_t i = 0; i < advice->units.count; i++)
		if (advise_memory(advice, i) == memory)
			served += (double)advice->units.list[i].accesses;
	if (!advice->has_part || memory < advice->fast)
		return served;
	/* What does not fit is in the rest. */
	if (memory == advice->fast)
		return served - advice->part.value +
		    (double)advice->units.list[advice->part.unit].accesses;
	return advice->part.value;
}

uint64_t
advise_sites_from(const struct advice *advice)
{
	uint64_t least = SITES_FROM, from = 1;

	for (size_t i = 0; i < advice->units.count; i++) {
		const struct unit *unit = &advice->units.list[i];

		if (advise_memory(advice, i) != advice->fast &&
		    unit->smallest < least)
			least = unit->smallest;
	}
	while (2 * from <= least)
		from *= 2;
	return from < SITES_FROM ? from : 0;
}

/* ---- Choosing ------------------------------------------------------------ */

static int
by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Units with no more accesses than this are worth no rule: all of them together
 * have a thousandth. */
static uint64_t
negligible(const struct advice *advice)
{
	size_t count = advice->units.count;
	uint64_t *accesses = calloc(count + 1, sizeof(*accesses));
	uint64_t sum = 0, least = 0;

	for (size_t i = 0; accesses != NULL && i < count; i++)
		accesses[i] = advice->units.list[i].accesses;
	if (accesses != NULL)
		qsort(accesses, count, sizeof(*accesses), by_number);
	for (size_t i = 0; accesses != NULL && i < count; i++) {
		sum += accesses[i];
		if (sum > advice->accesses / 1000)
			break;
		least = accesses[i];
	}
	free(accesses);
	return least;
}

/* Without snapshots all may live at once. */
static int
make_things(struct advice *advice)
{
	const struct units *units = &advice->units;
	uint64_t least;

	advice->things = calloc(units->count + 1, sizeof(*advice->things));
	advice->placement.memory = calloc(
	    units->count + 1, sizeof(*advice->placement.memory));
	if (advice->things == NULL || advice->placement.memory == NULL)
		return fail("no memory to choose what goes where");
	for (size_t i = 0; i < units->count; i++)
		advice->accesses += units->list[i].accesses;
	least = negligible(advice);
	for (size_t i = 0; i < units->count; i++) {
		const struct unit *unit = &units->list[i];
		bool counts = unit->by != UNIT_UNKNOWN &&
		    unit->accesses > least;

		if (advice->profile->snapshots == 0)
			unit->need[0] = unit->most;
		advice->things[i] = (struct placement_thing){
			.need = unit->need,
			.most = unit->most,
			.value = counts ? (double)unit->accesses : 0,
		};
	}
	advice->placement.things = advice->things;
	advice->placement.count = units->count;
	advice->placement.moments = max_size(advice->profile->snapshots, 1);
	return 0;
}

/* The module of a site, where its frame is in one. */
static const struct profile_module *
module_of(const struct advice *advice, const struct profile_site *site)
{
	size_t first = place_first(site);

	if (first == site->frame_count ||
	    site->frames[first].module >= advice->profile->module_count)
		return NULL;
	return &advice->profile->modules[site->frames[first].module];
}

static int
check_module(const struct profile_module *module)
{
	return module == NULL ||
		profile_file_of(module) != PROFILE_FILE_CHANGED ?
	    0 :
	    fail("%s has changed since it was recorded, as its build-id says: "
		 "record it again",
		module->path);
}

/* Rules are about the program that was recorded. */
static int
check_modules(const struct advice *advice)
{
	int status = 0;

	for (size_t i = 0; i < advice->units.count && status == 0; i++) {
		const struct unit *unit = &advice->units.list[i];

		if (advise_memory(advice, i) == advice->fast)
			continue;
		status = check_module(module_of(advice, unit->sites[0]));
		if (status == 0 && unit->on_stack.module != PROFILE_NO_MODULE)
			status = check_module(
			    &advice->profile->modules[unit->on_stack.module]);
	}
	return status;
}

static bool
any_is_known(const struct units *units)
{
	for (size_t i = 0; i < units->count; i++)
		if (units->list[i].by != UNIT_UNKNOWN)
			return true;
	return false;
}

int
advise_choose(struct advice *advice)
{
	int status;

	if (units_find(&advice->units, advice->profile) != 0)
		return fail("%s", error_text());
	if (!any_is_known(&advice->units))
		return fail("no site in %s can be named in a rule: the program "
			    "has no debug information (cc -g)",
		    advice->file);
	status = make_things(advice);
	if (status == 0 && placement_find(&advice->placement) != 0)
		status = fail("%s", error_text());
	if (status == 0)
		advise_use_part(advice);
	return status != 0 ? status : check_modules(advice);
}

double
advise_share(struct advice *advice, double times)
{
	struct placement other = advice->placement;
	double served = 0;

	other.memory = calloc(other.count + 1, sizeof(*other.memory));
	if (other.memory == NULL)
		return -1;
	for (unsigned i = 0; i < other.memories; i++) {
		double room = times * (double)other.room[i];

		other.room[i] = room < 1e18 ? (uint64_t)room : (uint64_t)1e18;
	}
	if (placement_find(&other) == 0) {
		served = advise_find_part(advice, &other).value;
		for (size_t i = 0; i < other.count; i++)
			if (other.memory[i] >= 0)
				served += other.things[i].value;
	}
	free(other.memory);
	return advice->accesses == 0 ? 0 : served / (double)advice->accesses;
}

/* ---- The command --------------------------------------------------------- */

static int
read_profile(struct advice *advice)
{
	advice->profile = profiles_open(advice->file);
	if (advice->profile == NULL)
		return FAILED;
	if (!profiles_has_accesses(advice->profile))
		return fail("%s has no accesses in it, which advice is by: "
			    "record it with a sampler that counts them",
		    advice->file);
	return 0;
}

static int
advise(struct advice *advice, int argc, char **argv)
{
	int status = advise_read_words(advice, argc, argv);

	if (status == 0)
		status = read_profile(advice);
	if (status == 0)
		status = advise_find_memories(advice);
	if (status == 0)
		status = advise_choose(advice);
	if (status == 0)
		status = advise_write_rules(advice);
	if (status == 0)
		status = advise_write_curve(advice);
	if (status == 0)
		advise_print(advice);
	return status;
}

int
command_advise(int argc, char **argv)
{
	struct advice advice = { .file = NULL };
	int status = advise(&advice, argc, argv);

	units_free(&advice.units);
	free(advice.things);
	free(advice.placement.memory);
	profile_free(advice.profile);
	return status;
}
