/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sites.c - see sites.h.
 *
 * Owns a summary of the table, from which most requests are answered without a
 * look at the stack.
 */
#include "base/base.h"
#include "preload/ranges.h"
#include "preload/sites.h"
#include "preload/thread.h"
#include "preload/walk.h"

static struct {
	const struct rules_rule *rule;
	uint64_t from;           /* smaller requests have no site */
	uint32_t first;          /* rule about where; UINT32_MAX: none */
	uint32_t first_function; /* that is about a function */
	uint64_t low, high;      /* sizes that rules for functions want */
	bool can_walk;
} sites = { .first = UINT32_MAX, .first_function = UINT32_MAX, .low = 1 };

/* ---- The start ----------------------------------------------------------- */

static bool
is_function(uint32_t rule)
{
	return sites.rule[rule].from == RULES_FROM_FUNCTION;
}

static void
summarize(const struct rules_table *table, uint32_t *first)
{
	const struct rules_rule *rule;
	uint32_t i;

	sites.rule = (const void *)((const char *)table + table->rules.offset);
	sites.from = table->sites_from;
	for (i = 0; i < table->rules.count; i++) {
		rule = &sites.rule[i];
		if (rule->from == RULES_FROM_ANYWHERE)
			continue;
		*first = *first == UINT32_MAX ? i : *first;
		if (rule->from != RULES_FROM_FUNCTION)
			continue;
		if (sites.first_function == UINT32_MAX) {
			sites.first_function = i;
			sites.low = UINT64_MAX;
		}
		sites.low = rule->low < sites.low ? rule->low : sites.low;
		sites.high = rule->high > sites.high ? rule->high : sites.high;
	}
}

/* Without rules nobody asks what is_function() does of one. */
void
sites_start_walking(void)
{
	if (sites.can_walk || !place_start(is_function))
		return;
	walk_start();
	__atomic_store_n(&sites.can_walk, true, __ATOMIC_RELEASE);
}

bool
sites_start(const struct rules_table *table)
{
	uint32_t first = UINT32_MAX;

	if (!ranges_start(table))
		return false;
	sites_start_walking();
	if (!sites.can_walk)
		return false;
	summarize(table, &first);
	__atomic_store_n(&sites.first, first, __ATOMIC_RELEASE);
	return first != UINT32_MAX;
}

/* ---- One request --------------------------------------------------------- */

struct request {
	size_t size;
	uint32_t best; /* the first rule that applies, of those looked at */
};

static void
consider(void *to, uint32_t number)
{
	struct request *request = to;
	const struct rules_rule *rule = &sites.rule[number];

	if (number < request->best && request->size >= rule->low &&
	    request->size <= rule->high && thread_matches(number))
		request->best = number;
}

/* Rules of one sort alone. */
static void
consider_site(void *to, uint32_t number)
{
	if (!is_function(number))
		consider(to, number);
}

static void
consider_function(void *to, uint32_t number)
{
	if (is_function(number))
		consider(to, number);
}

/* Looks at the rules from I to END - 1 that name the place, which are in order;
 * of a place that has more than it has room for, at all that IS_ONE takes. */
static ALWAYS_INLINE void
look_at(struct request *request, const struct place *place, uintptr_t address,
    unsigned i, unsigned end, void (*is_one)(void *to, uint32_t number))
{
	if (unlikely(place->flags & PLACE_CROWDED))
		place_each_rule(address, is_one, request);
	for (; i < end && place->rule[i] < request->best; i++)
		consider(request, place->rule[i]);
}

static void
look_at_site(
    struct request *request, const struct place *place, uintptr_t address)
{
	look_at(request, place, address, 0, place->sites, consider_site);
}

static void
look_at_function(
    struct request *request, const struct place *place, uintptr_t address)
{
	look_at(request, place, address, place->sites, place->rules,
	    consider_function);
}

/* Whether a walk could find a rule for a function that comes before BEST. */
static bool
wants_functions(const struct request *request)
{
	return sites.first_function < request->best &&
	    request->size >= sites.low && request->size <= sites.high;
}

/* Begins a walk in a function that CALLER called, and goes to CALLER; the place
 * of that, NULL if it is not found. */
static const struct place *
walk_to(
    struct walk *walk, void *frame, union place_room *room, uintptr_t caller)
{
	const struct place *place = walk_first(walk, frame, room);

	while (place != NULL && walk->address != caller)
		place = walk_next_rule(walk, caller);
	return place;
}

/* Goes up to the site, which is the first return address that is not in
 * operator new; false if the stack cannot be followed so far. */
static bool
find_site(struct walk *walk, struct request *request)
{
	const struct place *place = walk->place;

	while (place != NULL && (place->flags & PLACE_WRAPPER)) {
		look_at_function(request, place, walk->address);
		place = walk_next(walk);
	}
	return place != NULL;
}

/* Looks at the site, and at all functions as far as they may matter. */
static __attribute__((noinline)) void
look_up_the_stack(struct request *request, uintptr_t caller)
{
	union place_room room;
	struct walk walk;
	const struct place *place = walk_to(
	    &walk, __builtin_frame_address(0), &room, caller);

	if (place == NULL) {
		place = place_of(caller, &room);
		look_at_site(request, place, caller);
		look_at_function(request, place, caller);
		return;
	}
	if (!find_site(&walk, request))
		return;
	look_at_site(request, walk.place, walk.address);
	do
		look_at_function(request, walk.place, walk.address);
	while (wants_functions(request) && walk_next_rule(&walk, 0) != NULL);
}

/* A call that passes malloc on has a caller to be found; any other is looked at
 * where it is. */
static __attribute__((noinline)) uint32_t
look(uintptr_t caller, size_t size, uint32_t limit, bool *by_caller)
{
	struct request request = { .size = size, .best = limit };
	union place_room room;
	const struct place *place = place_of(caller, &room);

	if (!(place->flags & PLACE_WRAPPER)) {
		look_at_site(&request, place, caller);
		*by_caller = !wants_functions(&request);
		if (*by_caller)
			return request.best;
	}
	look_up_the_stack(&request, caller);
	return request.best;
}

uint32_t
sites_first_by(const void *caller, size_t size, uint32_t limit, bool *by_caller)
{
	uint32_t first = __atomic_load_n(&sites.first, __ATOMIC_ACQUIRE);

	*by_caller = false;
	if (first >= limit || size < sites.from)
		return limit;
	return look((uintptr_t)caller, size, limit, by_caller);
}

uint32_t
sites_first(const void *caller, size_t size, uint32_t limit)
{
	bool by_caller;

	return sites_first_by(caller, size, limit, &by_caller);
}

/* The next place of a walk, with its trail or without one. */
static inline const struct place *
next_of(struct walk *walk, struct walk_trail *trail)
{
	return trail != NULL ? walk_next_noted(walk, trail) : walk_next(walk);
}

/* Operator new is left out; where the stack ends in it, it stays. */
static ALWAYS_INLINE unsigned
stack_from(void **frames, unsigned max, uintptr_t caller, void *frame,
    struct walk_trail *trail)
{
	const struct place *place;
	union place_room room;
	struct walk walk;
	unsigned count = 0;

	if (trail == NULL) {
		place = walk_to(&walk, frame, &room, caller);
	} else {
		place = walk_first(&walk, frame, &room);
		walk_trail_begin(trail, frame);
		while (place != NULL && walk.address != caller)
			place = walk_next_noted(&walk, trail);
	}
	while (place != NULL && (place->flags & PLACE_WRAPPER))
		place = next_of(&walk, trail);
	for (; place != NULL && count < max; place = next_of(&walk, trail))
		frames[count++] = (void *)walk.address;
	return count;
}

static bool
can_walk(void)
{
	return __atomic_load_n(&sites.can_walk, __ATOMIC_ACQUIRE);
}

unsigned
sites_stack(void **frames, unsigned max, const void *caller)
{
	unsigned count = can_walk() && max != 0 ?
	    stack_from(frames, max, (uintptr_t)caller,
		__builtin_frame_address(0), NULL) :
	    0;

	if (count == 0 && max != 0)
		frames[count++] = (void *)(uintptr_t)caller;
	return count;
}

unsigned
sites_stack_noted(void **frames, unsigned max, const void *caller, void *frame,
    struct walk_trail *trail)
{
	unsigned count = 0;

	trail->is_whole = false;
	if (can_walk())
		count = stack_from(
		    frames, max, (uintptr_t)caller, frame, trail);
	if (count == 0) {
		trail->is_whole = false;
		frames[count++] = (void *)(uintptr_t)caller;
	}
	return count;
}
