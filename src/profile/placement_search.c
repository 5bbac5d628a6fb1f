/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * placement_search.c - see placement_search.h.
 */
#include "profile/placement_search.h"

static uint64_t *
used_in(struct search *search, unsigned memory)
{
	return search->used + memory * search->placement->moments;
}

bool
search_fits(struct search *search, size_t thing, unsigned memory)
{
	const struct placement *placement = search->placement;
	const struct placement_thing *one = &placement->things[thing];
	uint64_t room = placement->room[memory];
	const uint64_t *used = used_in(search, memory);

	if (one->most > room)
		return false;
	for (size_t i = 0; i < placement->moments; i++)
		if (one->need[i] > room || used[i] > room - one->need[i])
			return false;
	return true;
}

void
search_put(struct search *search, size_t thing, unsigned memory)
{
	const struct placement *placement = search->placement;
	uint64_t *used = used_in(search, memory);

	for (size_t i = 0; i < placement->moments; i++)
		used[i] += placement->things[thing].need[i];
	search->memory[thing] = (int)memory;
	search->value += placement->things[thing].value *
	    placement->gain[memory];
}

void
search_take(struct search *search, size_t thing)
{
	const struct placement *placement = search->placement;
	unsigned memory = (unsigned)search->memory[thing];
	uint64_t *used = used_in(search, memory);

	for (size_t i = 0; i < placement->moments; i++)
		used[i] -= placement->things[thing].need[i];
	search->memory[thing] = -1;
	search->value -= placement->things[thing].value *
	    placement->gain[memory];
}
