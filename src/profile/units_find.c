/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * units_find.c - the units of a profile. See units.h.
 *
 * Each site is at a place: the offset that its call returns to. First the sites
 * of one place are put together, then for each place a condition is sought that
 * fits no other place; places without one are a unit together.
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

/* A place with less than this share of all accesses, and of all bytes, is not
 * divided. */
#define SHARE_THAT_MATTERS 0.002

static int
no_memory(void)
{
	return error_set(ENOMEM, "no memory to look at sites");
}

/* ---- Places -------------------------------------------------------------- */

/* Sites that return to one offset, and the frame by whose line they are known.
 */
struct place {
	struct profile_site **sites;
	size_t count;
	const struct profile_frame *line; /* NULL: none is its own */
};

struct places {
	const struct profile *profile;
	struct profile_site **order; /* all sites, by place */
	struct place *list;
	size_t count;
};

static const struct profile_frame *
first_frame(const struct profile_site *site)
{
	size_t first = place_first(site);

	return first < site->frame_count ? &site->frames[first] : NULL;
}

static int
compare_text(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "");
}

static int
by_place(const void *a, const void *b)
{
	const struct profile_frame *x = first_frame(
	    *(struct profile_site *const *)a);
	const struct profile_frame *y = first_frame(
	    *(struct profile_site *const *)b);
	int order;

	if (x == NULL || y == NULL)
		return (x != NULL) - (y != NULL);
	if (x->module != y->module)
		return x->module < y->module ? -1 : 1;
	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	if (x->module != PROFILE_NO_MODULE)
		return 0;
	order = compare_text(x->file, y->file);
	if (order == 0)
		order = (x->line > y->line) - (x->line < y->line);
	return order != 0 ? order : compare_text(x->function, y->function);
}

static int
find_places(struct places *places)
{
	const struct profile *profile = places->profile;
	size_t count = profile->site_count;

	places->order = calloc(count + 1, sizeof(struct profile_site *));
	places->list = calloc(count + 1, sizeof(*places->list));
	if (places->order == NULL || places->list == NULL)
		return no_memory();
	memcpy(places->order, profile->sites,
	    count * sizeof(struct profile_site *));
	qsort(places->order, count, sizeof(struct profile_site *), by_place);
	for (size_t i = 0; i < count; i++) {
		struct place *last = &places->list[places->count];

		if (i == 0 ||
		    by_place(&places->order[i - 1], &places->order[i]) != 0) {
			last->sites = &places->order[i];
			places->count++;
		} else
			last--;
		last->count++;
	}
	return 0;
}

/* ---- Lines --------------------------------------------------------------- */

static bool
has_line(const struct place *place, const struct profile_frame *line)
{
	const struct profile_site *site = place->sites[0];
	size_t end = place_end(site);

	for (size_t i = place_first(site); i < end; i++) {
		const struct profile_frame *frame = &site->frames[i];

		if (frame->line == line->line && frame->file != NULL &&
		    strcmp(source_path_name(frame->file),
			source_path_name(line->file)) == 0)
			return true;
	}
	return false;
}

/* Whether no other place has code on this line. */
static bool
is_own(const struct places *places, const struct place *place,
    const struct profile_frame *line)
{
	if (line->file == NULL || line->line == 0)
		return false;
	for (size_t i = 0; i < places->count; i++)
		if (&places->list[i] != place &&
		    has_line(&places->list[i], line))
			return false;
	return true;
}

/* The line that people know it by, or, where others have that, too, another of
 * those that its code is on. */
static void
choose_line(const struct places *places, struct place *place)
{
	const struct profile_site *site = place->sites[0];
	size_t known = place_known(site), end = place_end(site);

	if (known < end && is_own(places, place, &site->frames[known]))
		place->line = &site->frames[known];
	for (size_t i = place_first(site); i < end && place->line == NULL; i++)
		if (is_own(places, place, &site->frames[i]))
			place->line = &site->frames[i];
}

/* ---- Conditions ---------------------------------------------------------- */

/* A word of a rule, in quotes where it has to be. NULL: no memory, or it cannot
 * be written. */
static char *
condition(const char *what, const char *word)
{
	bool quoted = strpbrk(word, " \t#") != NULL || word[0] == '-' ||
	    strstr(word, "->") != NULL;
	char *text;

	for (const char *at = word; *at != '\0'; at++)
		if (*at == '"' || (unsigned char)*at < ' ')
			return NULL;
	if (asprintf(&text, "%s %s%s%s", what, quoted ? "\"" : "", word,
		quoted ? "\"" : "") < 0)
		return NULL;
	return text;
}

static char *
line_condition(const struct profile_frame *line)
{
	char word[PLACE_TEXT_MAX];

	snprintf(word, sizeof(word), "%s:%u", source_path_name(line->file),
	    line->line);
	return condition("site", word);
}

static char *
offset_condition(
    const struct profile *profile, const struct profile_frame *frame)
{
	char word[PLACE_TEXT_MAX];

	snprintf(word, sizeof(word), "%s+0x%" PRIx64,
	    source_path_name(profile->modules[frame->module].path),
	    frame->offset);
	return condition("site", word);
}

/* Whether a rule can be about it, and is not about all of the program. dhat has
 * "in PATH" where it knows none. */
static bool
is_function(const char *name)
{
	return name != NULL && strncmp(name, "in ", 3) != 0 &&
	    strpbrk(name, "\"(") == NULL && !unit_is_whole_program(name);
}

/* The text of a condition for all of the place; NULL where there is none. A
 * line that other places have, too, is taken only where nothing else is known.
 */
static char *
find_condition(const struct places *places, const struct place *place)
{
	const struct profile_site *site = place->sites[0];
	const struct profile_frame *frame = first_frame(site), *known;

	if (frame == NULL)
		return NULL;
	if (place->line != NULL)
		return line_condition(place->line);
	if (frame->module != PROFILE_NO_MODULE)
		return offset_condition(places->profile, frame);
	known = &site->frames[place_known(site)];
	if (known->file != NULL && known->line != 0)
		return line_condition(known);
	return is_function(known->function) ?
	    condition("function", known->function) :
	    NULL;
}

/* ---- Units --------------------------------------------------------------- */

static struct unit *
unit_with(const struct units *units, const char *condition)
{
	for (size_t i = 0; i < units->count && condition != NULL; i++) {
		struct unit *unit = &units->list[i];

		if (unit->condition != NULL &&
		    strcmp(unit->condition, condition) == 0)
			return unit;
	}
	return NULL;
}

static int
add_sites(struct unit *unit, const struct place *place)
{
	struct profile_site **more = reallocarray(
	    unit->sites, unit->site_count + place->count, sizeof(*more));

	if (more == NULL)
		return no_memory();
	memcpy(&more[unit->site_count], place->sites,
	    place->count * sizeof(*more));
	unit->sites = more;
	unit->site_count += place->count;
	return 0;
}

static int
add_place(
    struct units *units, const struct places *places, const struct place *place)
{
	char *text = find_condition(places, place);
	struct unit *unit = unit_with(units, text);

	if (unit != NULL) {
		free(text);
		return add_sites(unit, place);
	}
	unit = units_add(units);
	if (unit == NULL) {
		free(text);
		return -1;
	}
	unit->by = text != NULL ? UNIT_SITE : UNIT_UNKNOWN;
	if (text != NULL && strncmp(text, "function ", 9) == 0) {
		const struct profile_site *site = place->sites[0];

		unit->by = UNIT_FUNCTION;
		unit->on_stack = on_stack_of(
		    &site->frames[place_known(site)], ON_STACK_BY_NAME);
	}
	unit->condition = text;
	unit->place = place_of(units->profile, place->sites[0]);
	unit->function = place_function(place->sites[0]);
	unit->group = units->count - 1;
	return add_sites(unit, place);
}

/* What is on the stacks that a rule about a function might be for. */
static int
count_stacks(struct units *units)
{
	units->counts = on_stack_counts_new();
	if (units->counts == NULL)
		return no_memory();
	for (size_t i = 0; i < units->count; i++) {
		const struct unit *unit = &units->list[i];

		if (unit->site_count < 2 && unit->by == UNIT_SITE)
			continue;
		for (size_t j = 0; j < unit->site_count; j++)
			if (on_stack_count(units->counts, unit->sites[j]) != 0)
				return no_memory();
	}
	return 0;
}

static bool
matters(const struct units *units, const struct unit *unit)
{
	return (double)unit->accesses >= SHARE_THAT_MATTERS * units->accesses ||
	    (double)unit->peak >= SHARE_THAT_MATTERS * units->bytes;
}

/* Units that are added meanwhile are parts of others, and are looked at in
 * their turn. */
static int
divide(struct units *units)
{
	int result = count_stacks(units);

	for (size_t i = 0; i < units->count; i++) {
		units->accesses += (double)units->list[i].accesses;
		units->bytes += (double)units->list[i].peak;
	}
	for (size_t i = 0; i < units->count && result == 0; i++) {
		if (!matters(units, &units->list[i]))
			continue;
		result = units_divide_by_function(units, i);
		if (result == 0)
			result = units_divide_by_size(units, i);
	}
	on_stack_counts_free(units->counts);
	units->counts = NULL;
	return result;
}

int
units_find(struct units *units, const struct profile *profile)
{
	struct places places = { .profile = profile };
	int result;

	*units = (struct units){ .profile = profile };
	result = find_places(&places);
	for (size_t i = 0; i < places.count && result == 0; i++)
		choose_line(&places, &places.list[i]);
	for (size_t i = 0; i < places.count && result == 0; i++)
		result = add_place(units, &places, &places.list[i]);
	for (size_t i = 0; i < units->count && result == 0; i++)
		result = unit_count(units, &units->list[i]);
	if (result == 0)
		result = divide(units);
	free(places.order);
	free(places.list);
	if (result != 0)
		units_free(units);
	return result;
}
