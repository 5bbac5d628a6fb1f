/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * placement_exact.c - the best placement, by branch and bound. See
 * placement_search.h.
 *
 * Things are decided one after the other, each for every memory and for none.
 * A branch is left when all that follows, cut up as one likes and put into what
 * room is left at the tightest moment, would not make it better than the best
 * that is known: things are in the order of their value for a byte there, so
 * the sum is quick.
 */
#include <stdlib.h>
#include <string.h>

#include "profile/placement_search.h"

#define EXACT_MAX 40
#define STEPS_MAX 2000000

struct branch {
	struct search *search;
	double *best;
	size_t steps;
};

static double
room_left(const struct search *search)
{
	const struct placement *placement = search->placement;
	double room = 0;

	for (unsigned i = 0; i < placement->memories; i++) {
		uint64_t used = placement->moments == 0 ?
		    0 :
		    search->used[i * placement->moments + search->tightest];

		room += (double)(placement->room[i] - used);
	}
	return room;
}

/* What things from number AT on could bring at the most. */
static double
bound(const struct search *search, size_t at)
{
	const struct placement *placement = search->placement;
	double room = room_left(search), value = 0;

	for (; at < search->count; at++) {
		const struct placement_thing
		    *thing = &placement->things[search->order[at]];
		double need = placement->moments == 0 ?
		    0 :
		    (double)thing->need[search->tightest];

		if (need > room)
			return (value + thing->value * room / need) *
			    placement->gain[0];
		room -= need;
		value += thing->value;
	}
	return value * placement->gain[0];
}

static void
go_on(struct branch *branch, size_t at)
{
	struct search *search = branch->search;
	struct placement *placement = search->placement;
	size_t thing;

	if (search->value > *branch->best) {
		*branch->best = search->value;
		memcpy(placement->memory, search->memory,
		    placement->count * sizeof(*search->memory));
	}
	if (at == search->count || branch->steps++ > STEPS_MAX ||
	    search->value + bound(search, at) <= *branch->best * (1 + 1e-12))
		return;
	thing = search->order[at];
	for (unsigned i = 0; i < placement->memories; i++)
		if (search_fits(search, thing, i)) {
			double before = search->value;

			search_put(search, thing, i);
			go_on(branch, at + 1);
			search_take(search, thing);
			search->value = before;
		}
	go_on(branch, at + 1);
}

void
search_exactly(struct search *search, double *best)
{
	struct branch branch = { search, best, 0 };

	if (search->count <= EXACT_MAX)
		go_on(&branch, 0);
}
