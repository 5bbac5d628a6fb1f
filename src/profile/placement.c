/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * placement.c - see placement.h.
 *
 * It is a knapsack of as many dimensions as there are moments. Things are put
 * in greedily, in several orders, each time the result is improved by
 * exchanges, and the best is kept. Where no more than EXACT_MAX things matter,
 * and exactly one more way of looking at it (placement_exact.c) comes to an
 * end, that finds the best.
 */
#include "profile/placement.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/error.h"
#include "profile/placement_search.h"

#define EXCHANGED_MAX 200 /* things that are tried for exchanges */
#define ROUNDS_MAX 50

static void
put_where_it_fits(struct search *search, size_t thing)
{
	for (unsigned i = 0; i < search->placement->memories; i++)
		if (search_fits(search, thing, i)) {
			search_put(search, thing, i);
			return;
		}
}

static void
fill(struct search *search)
{
	for (size_t i = 0; i < search->count; i++)
		if (search->memory[search->order[i]] < 0)
			put_where_it_fits(search, search->order[i]);
}

static void
clear(struct search *search)
{
	const struct placement *placement = search->placement;

	memset(search->used, 0,
	    placement->memories * placement->moments * sizeof(*search->used));
	for (size_t i = 0; i < placement->count; i++)
		search->memory[i] = -1;
	search->value = 0;
}

/* ---- Orders -------------------------------------------------------------- */

static int
by_key(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? 1 : -1;
	return (x->thing > y->thing) - (x->thing < y->thing);
}

/* The moment at which all things together need the most. */
static size_t
tightest(const struct placement *placement)
{
	size_t tightest = 0;
	double most = -1;

	for (size_t i = 0; i < placement->moments; i++) {
		double sum = 0;

		for (size_t j = 0; j < placement->count; j++)
			sum += (double)placement->things[j].need[i];
		if (sum > most) {
			most = sum;
			tightest = i;
		}
	}
	return tightest;
}

/* What a thing costs: its peak, what it needs when it is tight, what it needs
 * on the average, nothing. */
static double
cost(const struct search *search, size_t thing, enum order order)
{
	const struct placement *placement = search->placement;
	const struct placement_thing *one = &placement->things[thing];
	double sum = 0;

	switch (order) {
	case BY_PEAK:
		return (double)one->most;
	case BY_TIGHT:
		return placement->moments == 0 ?
		    (double)one->most :
		    (double)one->need[search->tightest];
	case BY_MEAN:
		for (size_t i = 0; i < placement->moments; i++)
			sum += (double)one->need[i];
		return placement->moments == 0 ?
		    (double)one->most :
		    sum / (double)placement->moments;
	default:
		return 1;
	}
}

/* Things of no value are in no order. */
static void
sort(struct search *search, enum order order)
{
	const struct placement *placement = search->placement;

	search->count = 0;
	for (size_t i = 0; i < placement->count; i++) {
		double value = placement->things[i].value;

		if (value <= 0)
			continue;
		search->keys[search->count].thing = i;
		search->keys[search->count++].key = value /
		    (cost(search, i, order) + 1);
	}
	qsort(search->keys, search->count, sizeof(*search->keys), by_key);
	for (size_t i = 0; i < search->count; i++)
		search->order[i] = search->keys[i].thing;
}

/* ---- Exchanges ----------------------------------------------------------- */

/* A state to come back to. */
static void
save(const struct search *search, struct search *saved)
{
	const struct placement *placement = search->placement;

	memcpy(saved->memory, search->memory,
	    placement->count * sizeof(*saved->memory));
	memcpy(saved->used, search->used,
	    placement->memories * placement->moments * sizeof(*saved->used));
	saved->value = search->value;
}

/* Takes out of MEMORY what is worth the least, until THING fits; LAST is what
 * goes in any case. */
static bool
make_room(struct search *search, size_t thing, unsigned memory)
{
	for (size_t i = search->count; i-- > 0;) {
		size_t other = search->order[i];

		if (search_fits(search, thing, memory))
			return true;
		if (search->memory[other] == (int)memory && other != thing)
			search_take(search, other);
	}
	return search_fits(search, thing, memory);
}

/* Whether it is better with THING in MEMORY, in the place of OTHER, or, where
 * that is SIZE_MAX, of the worst; and with what has room then. If not, all is
 * as it was. */
static bool
improves(struct search *search, struct search *saved, size_t thing,
    unsigned memory, size_t other)
{
	save(search, saved);
	if (search->memory[thing] >= 0)
		search_take(search, thing);
	if (other != SIZE_MAX)
		search_take(search, other);
	if ((other == SIZE_MAX ? make_room(search, thing, memory) :
				 search_fits(search, thing, memory))) {
		search_put(search, thing, memory);
		fill(search);
		if (search->value > saved->value * (1 + 1e-12))
			return true;
	}
	save(saved, search);
	return false;
}

static bool
improve_one(struct search *search, struct search *saved, size_t thing)
{
	unsigned memories = search->placement->memories;
	size_t most = min_size(search->count, EXCHANGED_MAX);
	bool better = false;

	for (unsigned m = 0; m < memories; m++) {
		if (search->memory[thing] >= 0 &&
		    search->memory[thing] <= (int)m)
			break;
		better |= improves(search, saved, thing, m, SIZE_MAX);
		for (size_t i = 0; i < most && !better; i++) {
			size_t other = search->order[i];

			if (other != thing && search->memory[other] == (int)m)
				better = improves(
				    search, saved, thing, m, other);
		}
	}
	return better;
}

static void
improve(struct search *search, struct search *saved)
{
	size_t most = min_size(search->count, EXCHANGED_MAX);
	bool better = true;

	for (int round = 0; round < ROUNDS_MAX && better; round++) {
		better = false;
		for (size_t i = 0; i < most; i++)
			better |= improve_one(search, saved, search->order[i]);
	}
}

/* ---- The whole ----------------------------------------------------------- */

static bool
begin(struct search *search, struct placement *placement)
{
	size_t cells = placement->memories * placement->moments + 1;

	*search = (struct search){ .placement = placement };
	search->used = calloc(cells, sizeof(*search->used));
	search->memory = calloc(placement->count + 1, sizeof(*search->memory));
	search->order = calloc(placement->count + 1, sizeof(*search->order));
	search->keys = calloc(placement->count + 1, sizeof(*search->keys));
	search->tightest = tightest(placement);
	return search->used != NULL && search->memory != NULL &&
	    search->order != NULL && search->keys != NULL;
}

static void
end(struct search *search)
{
	free(search->used);
	free(search->memory);
	free(search->order);
	free(search->keys);
}

static void
keep_if_best(const struct search *search, double *best)
{
	if (search->value <= *best)
		return;
	*best = search->value;
	memcpy(search->placement->memory, search->memory,
	    search->placement->count * sizeof(*search->memory));
}

static void
find(struct search *search, struct search *saved)
{
	double best = -1;

	for (enum order order = BY_PEAK; order < ORDERS; order++) {
		sort(search, order);
		clear(search);
		fill(search);
		improve(search, saved);
		keep_if_best(search, &best);
	}
	sort(search, BY_TIGHT);
	clear(search);
	search_exactly(search, &best);
}

int
placement_find(struct placement *placement)
{
	struct search search, saved;
	bool good = begin(&search, placement);

	good &= begin(&saved, placement);
	if (good)
		find(&search, &saved);
	end(&search);
	end(&saved);
	return good ? 0 :
		      error_set(ENOMEM, "no memory to choose what goes where");
}

double
placement_value(const struct placement *placement)
{
	double value = 0;

	for (size_t i = 0; i < placement->count; i++)
		if (placement->memory[i] >= 0)
			value += placement->things[i].value *
			    placement->gain[placement->memory[i]];
	return value;
}
