/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * offsets.c - see offsets.h.
 *
 * An offset is that of a return address. One that is none would never be met,
 * so it is held against the file: whether there is code, and if this build can
 * tell (libdw), whether a call ends there. Each file is opened once.
 *
 * Owns nothing but what it adds to its caller's records.
 */
#include "rules/offsets.h"

#include <stdio.h>

#include "rules/elf_file.h"
#include "rules/needed.h"
#include "rules/places.h"
#include "spec/known.h"
#include "spec/nearest.h"

/* It may come later, as a library that the program opens. */
static void
warn_of_module(const struct rules *rules, const struct rule *rule,
    const struct modules *modules)
{
	struct nearest nearest = nearest_to(word_of(rule->place));
	char near[QUOTE_MAX + 32] = "";

	for (size_t i = 0; i < modules->count; i++)
		if (modules->list[i].path != NULL)
			nearest_offer(&nearest, word_of(modules->list[i].name));
	if (nearest.found.text != NULL)
		snprintf(near, sizeof(near), "did you mean \"%s\"? Else ",
		    quote(nearest.found).text);
	rules_warn(rules, rule->line,
	    "no module \"%s\" is among the %zu that were looked at: %sone of "
	    "that name will do when it is loaded",
	    quote(word_of(rule->place)).text, modules->count - 1, near);
}

static bool
is_by_offset(const struct rule *rule)
{
	return rule->where == RULES_AT_OFFSET || rule->where == RULES_ON_STACK;
}

static int
find_offset(struct rules *rules, uint32_t number, struct modules *modules)
{
	const struct rule *rule = &rules->rules[number];
	struct rules_file *file = needed_find(modules, rule->place);

	if (file == NULL)
		file = needed_add_library(modules, rule->place);
	if (file == NULL)
		return -1;
	if (file->path == NULL)
		warn_of_module(rules, rule, modules);
	return modules_add_range(file, rule->number, rule->number, number);
}

/* ---- Whether a call returns there ---------------------------------------- */

/* A call may be the last that a segment has. */
static bool
is_code(const struct elf_file *elf, uint64_t offset)
{
	for (size_t i = 0; i < elf->code_count; i++)
		if (offset > elf->code[i].begin && offset <= elf->code[i].end)
			return true;
	return false;
}

static void
warn_of_no_code(const struct rules *rules, const struct rule *rule,
    const struct elf_file *elf)
{
	uint64_t low = UINT64_MAX, high = 0;

	for (size_t i = 0; i < elf->code_count; i++) {
		low = elf->code[i].begin < low ? elf->code[i].begin : low;
		high = elf->code[i].end > high ? elf->code[i].end : high;
	}
	if (high == 0)
		rules_warn(rules, rule->line, "\"%s\" has no code",
		    quote(word_of(rule->place)).text);
	else
		rules_warn(rules, rule->line,
		    "\"%s\" has no code at 0x%llx: it is from 0x%llx to "
		    "0x%llx",
		    quote(word_of(rule->place)).text,
		    (unsigned long long)rule->number, (unsigned long long)low,
		    (unsigned long long)high);
}

static void
warn_of_no_call(
    const struct rules *rules, const struct rule *rule, uint64_t near)
{
	struct quote_text place = quote(word_of(rule->place));
	unsigned long long offset = rule->number;

	if (near != 0)
		rules_warn(rules, rule->line,
		    "no call in \"%s\" returns to 0x%llx: did you mean 0x%llx?",
		    place.text, offset, (unsigned long long)near);
	else
		rules_warn(rules, rule->line,
		    "no call in \"%s\" returns to 0x%llx: the offset is that "
		    "of the instruction behind a call",
		    place.text, offset);
}

static void
check_offset(const struct rules *rules, const struct rule *rule,
    const struct elf_file *elf, const struct call_finder *calls)
{
	uint64_t near;

	if (!is_code(elf, rule->number))
		warn_of_no_code(rules, rule, elf);
	else if (calls != NULL && !calls_may_return(calls, rule->number, &near))
		warn_of_no_call(rules, rule, near);
}

static bool
is_of_offset(const struct rules *rules, const struct rules_range *range)
{
	return is_by_offset(&rules->rules[range->rule]);
}

static void
check_file(const struct rules *rules, const struct rules_file *file)
{
	struct call_finder *calls;
	struct elf_file elf;
	size_t i = 0;

	while (i < file->range_count && !is_of_offset(rules, &file->ranges[i]))
		i++;
	if (i == file->range_count || file->path == NULL ||
	    elf_file_read(file->path, &elf) != 0)
		return;
	calls = calls_open(file->path);
	for (; i < file->range_count; i++)
		if (is_of_offset(rules, &file->ranges[i]))
			check_offset(rules, &rules->rules[file->ranges[i].rule],
			    &elf, calls);
	calls_close(calls);
	elf_file_end(&elf);
}

int
offsets_find(struct rules *rules, struct modules *modules)
{
	for (uint32_t i = 0; i < rules->rule_count; i++)
		if (is_by_offset(&rules->rules[i]) &&
		    find_offset(rules, i, modules) != 0)
			return -1;
	for (size_t i = 0; i < modules->count; i++)
		check_file(rules, &modules->list[i]);
	return 0;
}
