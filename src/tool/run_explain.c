/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run_explain.c - `poolkind run --explain`: what the kinds and the rules come
 * to on this machine, in the programs and libraries that would run. See run.h.
 *
 * Owns nothing but what it prints; no locks.
 */
#include <inttypes.h>
#include <stdio.h>

#include "tool/commands.h"
#include "tool/run.h"

#define RANGES_SHOWN 4

/* ---- Kinds --------------------------------------------------------------- */

/* With rules each kind says where it is from, in the file or behind --kind. */
static int
explain_kind(const struct run *run, const struct rules_named_kind *kind)
{
	if (kind->line != 0)
		printf("kind %s, line %u\n", kind->name, kind->line);
	else if (run->file != NULL)
		printf("--kind %s\n", kind->name);
	return check_kind(kind->spec) == 0 ? 0 : NOT_UNDERSTOOD;
}

/* ---- Rules --------------------------------------------------------------- */

/* A range of one address is a site that was given by its offset. */
static void
print_ranges(const struct rules_file *file, uint32_t rule)
{
	size_t count = 0;

	for (size_t i = 0; i < file->range_count; i++) {
		const struct rules_range *range = &file->ranges[i];

		if (range->rule != rule)
			continue;
		if (count == 0)
			printf("    in %s, returns to", file->name);
		if (count < RANGES_SHOWN)
			printf(
			    "%s 0x%" PRIx64, count == 0 ? "" : ",", range->low);
		if (count < RANGES_SHOWN && range->high != range->low)
			printf("-0x%" PRIx64, range->high);
		count++;
	}
	if (count > RANGES_SHOWN)
		printf(" and %zu more", count - RANGES_SHOWN);
	if (count > 0)
		putchar('\n');
}

static void
print_names(const struct finding *finding)
{
	for (size_t i = 0; i < finding->name_count; i++)
		printf("    %s %s%s\n", i == 0 ? "found" : "and  ",
		    finding->names[i],
		    finding->has_more && i + 1 == finding->name_count ?
			", and others" :
			"");
}

static bool
has_ranges(const struct run *run, uint32_t rule)
{
	for (size_t i = 0; i < run->modules.count; i++)
		for (size_t j = 0; j < run->modules.list[i].range_count; j++)
			if (run->modules.list[i].ranges[j].rule == rule)
				return true;
	return false;
}

/* What no line of a file is for: the kinds of the command line, or ordinary
 * memory. */
static void
print_else(const struct run *run, const struct rule *rule)
{
	fputs("else ->", stdout);
	for (unsigned i = 0; i < rule->step_count; i++)
		printf("%s %s", i == 0 ? "" : ",",
		    run->rules.kinds[rule->steps[i]].written);
	putchar('\n');
}

static void
explain_rule(const struct run *run, uint32_t number)
{
	const struct rule *rule = &run->rules.rules[number];

	if (rule->line == 0) {
		print_else(run, rule);
		return;
	}
	printf("line %u: %s\n", rule->line, rule->text);
	if (rule->where == RULES_ANYWHERE)
		return;
	print_names(&run->findings.list[number]);
	for (size_t i = 0; i < run->modules.count; i++)
		print_ranges(&run->modules.list[i], number);
	if (!has_ranges(run, number))
		puts("    found nowhere");
}

int
run_explain(const struct run *run)
{
	int status = 0;

	for (unsigned i = 0; i < run->rules.kind_count && status == 0; i++) {
		if (!run->rules.kinds[i].is_used)
			continue;
		status = explain_kind(run, &run->rules.kinds[i]);
		putchar('\n');
	}
	for (uint32_t i = 0; i < run->rules.rule_count && status == 0; i++)
		explain_rule(run, i);
	return status;
}
