/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * advise_rules.c - advice as a file of rules, which poolkind-rules(5)
 * describes. See advise.h.
 *
 * The first rule that applies counts, so their order is: sites, then functions,
 * which may be on the stacks of sites, those first that are parts of others,
 * then the remainders of places that have such functions, then all else. What
 * goes to the rest has a rule only where a later one would take it elsewhere.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "file/whole_file.h"
#include "profile/place.h"
#include "tool/advise.h"
#include "tool/commands.h"

static bool
is_fast(const struct advice *advice, size_t unit)
{
	return advise_memory(advice, unit) != advice->fast;
}

/* Whether the rule of OTHER stands behind that of UNIT. */
static bool
is_behind(const struct unit *unit, const struct unit *other)
{
	return unit->by == other->by ? unit->level > other->level :
				       unit->by < other->by;
}

/* Whether it would be for blocks of UNIT, too. */
static bool
is_for(const struct unit *unit, const struct unit *other)
{
	return other->by == UNIT_FUNCTION ?
	    unit_has_on_stack(unit, &other->on_stack) :
	    other->by == UNIT_REMAINDER && other->group == unit->group;
}

/* Whether a rule is needed to keep the unit in the rest. */
static bool
would_be_taken(const struct advice *advice, const struct unit *unit)
{
	for (size_t i = 0; i < advice->units.count; i++) {
		const struct unit *other = &advice->units.list[i];

		if (is_fast(advice, i) && is_behind(unit, other) &&
		    is_for(unit, other))
			return true;
	}
	return false;
}

static void
write_size(FILE *to, const struct unit *unit)
{
	if (!unit->is_sized)
		return;
	fputs(" size ", to);
	if (unit->low > 0)
		fprintf(to, "%" PRIu64, unit->low);
	fputs("..", to);
	if (unit->high != UINT64_MAX)
		fprintf(to, "%" PRIu64, unit->high);
}

static void
write_rule(FILE *to, const struct advice *advice, size_t number)
{
	const struct unit *unit = &advice->units.list[number];
	const struct memory
	    *memory = &advice->memories[advise_memory(advice, number)];

	fputs(unit->condition, to);
	write_size(to, unit);
	fprintf(to, " -> %s", memory->name);
	if (is_fast(advice, number))
		fprintf(to, ", %s", advice->memories[advice->fast].name);
	fprintf(to, " # %s, %.2f accesses a byte\n",
	    bytes_text((double)unit->peak).text, unit_heat(unit));
}

static void
write_units(
    FILE *to, const struct advice *advice, enum unit_by by, unsigned level)
{
	for (size_t i = 0; i < advice->units.count; i++) {
		const struct unit *unit = &advice->units.list[i];

		if (unit->by == by && unit->level == level &&
		    unit->site_count > 0 &&
		    (is_fast(advice, i) || would_be_taken(advice, unit)))
			write_rule(to, advice, i);
	}
}

static unsigned
highest_level(const struct advice *advice)
{
	unsigned highest = 0;

	for (size_t i = 0; i < advice->units.count; i++)
		if (advice->units.list[i].level > highest)
			highest = advice->units.list[i].level;
	return highest;
}

static bool
is_used(const struct advice *advice, unsigned memory)
{
	for (size_t i = 0; i < advice->units.count; i++)
		if (advise_memory(advice, i) == memory)
			return true;
	return memory == advice->fast;
}

/* What is in a comment ends with its line. */
static void
write_comment(FILE *to, const char *text)
{
	for (; *text != '\0'; text++)
		fputc((unsigned char)*text < ' ' ? '?' : *text, to);
}

static void
write_all(FILE *to, const struct advice *advice)
{
	uint64_t from = advise_sites_from(advice);

	fputs("# by poolkind advise, from ", to);
	write_comment(to, advice->file);
	fputc('\n', to);
	if (from != 0)
		fprintf(to,
		    "# for poolkind run with --sites-from %" PRIu64 "\n", from);
	for (unsigned i = 0; i < advise_memories(advice); i++)
		if (is_used(advice, i))
			fprintf(to, "kind %s = %s\n", advice->memories[i].name,
			    advice->memories[i].spec);
	fputc('\n', to);
	write_units(to, advice, UNIT_SITE, 0);
	for (unsigned i = highest_level(advice) + 1; i-- > 0;)
		write_units(to, advice, UNIT_FUNCTION, i);
	write_units(to, advice, UNIT_REMAINDER, 0);
	fprintf(to, "else -> %s\n", advice->memories[advice->fast].name);
}

int
advise_write_rules(const struct advice *advice)
{
	char *text = NULL;
	size_t size;
	FILE *to;
	int status = 0;

	if (advice->rules == NULL)
		return 0;
	to = open_memstream(&text, &size);
	if (to != NULL)
		write_all(to, advice);
	if (to == NULL || fclose(to) != 0)
		status = fail("no memory for the rules");
	else if (whole_file_write(advice->rules, text, size) != 0)
		status = fail("%s", error_text());
	free(text);
	return status;
}
