/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * resolve.c - see resolve.h.
 */
#include "rules/resolve.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "rules/offsets.h"
#include "rules/source_path.h"
#include "spec/known.h"

/* For more rules than these that come to nothing no near names are sought: each
 * takes a look at all files. */
#define NEAR_MAX 16

bool
resolve_is_needed(const struct rules *rules)
{
	for (unsigned i = 0; i < rules->rule_count; i++)
		if (rules->rules[i].where != RULES_ANYWHERE)
			return true;
	return false;
}

static bool
is_by_debug_info(const struct rule *rule)
{
	return rule->where == RULES_AT_LINE || rule->where == RULES_IN_FUNCTION;
}

/* A build that cannot find a rule's place says so, and how it could. */
static int
check_build(struct rules *rules)
{
	const char *lack = places_lack();

	for (unsigned i = 0; i < rules->rule_count && lack != NULL; i++) {
		const struct rule *rule = &rules->rules[i];

		if (is_by_debug_info(rule))
			return rules_fail(rules, rule->line, "\"%s\" %s",
			    quote(word_of(rule->text)).text, lack);
	}
	return 0;
}

/* ---- Lines and functions ------------------------------------------------- */

static int
find_places(const struct rules *rules, struct modules *modules,
    struct findings *findings)
{
	struct place_index index;
	int result = place_index_begin(&index, rules);

	for (size_t i = 0; i < modules->count && result == 0 &&
	     index.line_count + index.function_count > 0;
	     i++)
		if (modules->list[i].path != NULL)
			result = places_find(
			    rules, &index, &modules->list[i], findings);
	place_index_end(&index);
	return result;
}

/* Which of the lines before and behind one are meant. */
struct lines_text {
	char text[64];
};

static struct lines_text
near_lines(const struct finding *finding, const char *one, const char *two)
{
	unsigned long long before = finding->line_before;
	unsigned long long behind = finding->line_behind;
	struct lines_text lines;

	if (before != 0 && behind != 0)
		snprintf(lines.text, sizeof(lines.text),
		    "lines %llu and %llu %s", before, behind, two);
	else
		snprintf(lines.text, sizeof(lines.text), "line %llu %s",
		    before != 0 ? before : behind, one);
	return lines;
}

static void
warn_of_line(const struct rules *rules, const struct rule *rule,
    const struct finding *finding)
{
	rules_warn(rules, rule->line, "line %llu of %s has no code: %s",
	    (unsigned long long)rule->number, quote(word_of(rule->place)).text,
	    near_lines(finding, "has", "have").text);
}

/* A line with code, but no call that could allocate. */
static void
warn_of_no_call(const struct rules *rules, const struct rule *rule,
    const struct finding *finding)
{
	bool is_alone = finding->line_before == 0 && finding->line_behind == 0;

	rules_warn(rules, rule->line, "line %llu of %s calls nothing%s%s",
	    (unsigned long long)rule->number, quote(word_of(rule->place)).text,
	    is_alone ? "" : ": ",
	    is_alone ? "" : near_lines(finding, "does", "do").text);
}

/* Whether the program itself, which comes first, has none of its names. */
static bool
is_unknown(const struct modules *modules)
{
	return modules->count > 0 && !modules->list[0].has_debug;
}

/* Nothing is called as the rule says: WHAT, looked for in WHERE. */
static void
warn_of_name(const struct rules *rules, const struct rule *rule,
    const char *what, const char *where, const char *near,
    const struct modules *modules)
{
	char hint[QUOTE_MAX + 32] = "";
	struct quote_text place = quote(word_of(rule->place));

	if (near != NULL)
		snprintf(hint, sizeof(hint), "did you mean \"%s\"?",
		    quote(word_of(near)).text);
	if (is_unknown(modules))
		rules_warn(rules, rule->line,
		    "no %s \"%s\": %s%s\"%s\" has no debug information "
		    "(cc -g)",
		    what, place.text, hint, near == NULL ? "" : " ",
		    quote(word_of(modules->list[0].name)).text);
	else if (near != NULL)
		rules_warn(rules, rule->line, "no %s \"%s\": %s", what,
		    place.text, hint);
	else
		rules_warn(rules, rule->line,
		    "no %s \"%s\" in %s%zu programs and libraries", what,
		    place.text, where, modules->count);
}

/* Without lines of the program itself no other's file is near. */
static void
warn_of_file(const struct rules *rules, const struct rule *rule,
    const struct finding *finding, const struct modules *modules)
{
	warn_of_name(rules, rule, "source file", "the debug information of ",
	    is_unknown(modules) ? NULL : finding->near, modules);
}

static void
warn_of_function(const struct rules *rules, const struct rule *rule,
    const struct finding *finding, const struct modules *modules)
{
	warn_of_name(rules, rule, "function", "", finding->near, modules);
}

static int
look_near(const struct rules *rules, uint32_t number,
    const struct modules *modules, struct findings *findings)
{
	for (size_t i = 0; i < modules->count; i++)
		if (modules->list[i].path != NULL &&
		    places_near(&rules->rules[number], number,
			&modules->list[i], findings) != 0)
			return -1;
	return 0;
}

/* A line is found if it calls something, a function if it has code. */
static bool
is_found(const struct rule *rule, const struct finding *finding)
{
	return finding->name_count != 0 &&
	    (finding->may_call || rule->where != RULES_AT_LINE);
}

static int
warn_of_missing(const struct rules *rules, const struct modules *modules,
    struct findings *findings)
{
	unsigned sought = 0;

	for (uint32_t i = 0; i < rules->rule_count; i++) {
		const struct rule *rule = &rules->rules[i];
		const struct finding *finding = &findings->list[i];

		if (!is_by_debug_info(rule) || is_found(rule, finding))
			continue;
		if (sought++ < NEAR_MAX &&
		    look_near(rules, i, modules, findings) != 0)
			return -1;
		if (rule->where == RULES_IN_FUNCTION)
			warn_of_function(rules, rule, finding, modules);
		else if (finding->name_count != 0)
			warn_of_no_call(rules, rule, finding);
		else if (finding->has_file)
			warn_of_line(rules, rule, finding);
		else
			warn_of_file(rules, rule, finding, modules);
	}
	return 0;
}

int
resolve(struct rules *rules, struct modules *modules, struct findings *findings)
{
	return check_build(rules) != 0 ||
		find_places(rules, modules, findings) != 0 ||
		warn_of_missing(rules, modules, findings) != 0 ||
		offsets_find(rules, modules) != 0 ?
	    -1 :
	    0;
}
