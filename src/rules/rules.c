/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules.c - the records of rules. See rules.h.
 */
#include "rules/rules.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/grow.h"
#include "rules/line.h"
#include "rules/table.h"
#include "spec/known.h"
#include "spec/nearest.h"
#include "spec/spec.h"

#define ORDINARY "dram"

static int
no_memory(void)
{
	return error_set(ENOMEM, "no memory for the rules");
}

/* ---- Rules --------------------------------------------------------------- */

void
rule_free(struct rule *rule)
{
	free(rule->thread);
	free(rule->place);
	free(rule->list);
	free(rule->steps);
	free(rule->text);
}

static int
make_room(struct rules *rules)
{
	struct rule *list = list_grow(
	    rules->rules, rules->rule_count, &rules->rule_room, sizeof(*list));

	if (list == NULL)
		return no_memory();
	rules->rules = list;
	return 0;
}

int
rules_add(struct rules *rules, const struct rule *rule)
{
	struct rule copy = *rule;
	int result = 0;

	if (rules->rule_count == RULES_MAX)
		result = rules_fail(rules, rule->line,
		    "one rule too many: there may be %d", RULES_MAX);
	if (result == 0)
		result = make_room(rules);
	if (result == 0)
		rules->rules[rules->rule_count++] = copy;
	else
		rule_free(&copy);
	return result;
}

int
rules_add_else(struct rules *rules, unsigned first, unsigned count)
{
	struct rule rule = { .high = SIZE_MAX };

	rule.steps = calloc(count, sizeof(*rule.steps));
	rule.text = rules_copy(word_of("else"));
	if (rule.steps == NULL || rule.text == NULL) {
		rule_free(&rule);
		return no_memory();
	}
	for (unsigned i = first; i < first + count; i++) {
		rules->kinds[i].is_used = true;
		rule.steps[rule.step_count++] = (uint16_t)i;
	}
	return rules_add(rules, &rule);
}

/* ---- What rules name ----------------------------------------------------- */

static int
find_kind(const struct rules *rules, struct word name)
{
	for (unsigned i = 0; i < rules->kind_count; i++)
		if (word_is(name, rules->kinds[i].name))
			return (int)i;
	return -1;
}

static int
unknown_kind(struct rules *rules, struct word name, unsigned line)
{
	struct nearest nearest = nearest_to(name);
	struct spec spec;
	char text[SPEC_NAME_MAX];

	for (unsigned i = 0; i < rules->kind_count; i++)
		if (rules->kinds[i].line != 0)
			nearest_offer(&nearest, word_of(rules->kinds[i].name));
	if (nearest.found.text != NULL)
		return rules_fail(rules, line,
		    "no kind \"%s\": did you mean \"%s\"?", quote(name).text,
		    quote(nearest.found).text);
	snprintf(text, sizeof(text), "%.*s", WORD(name));
	if (name.length < sizeof(text) && spec_parse(text, &spec) == 0)
		return rules_fail(rules, line,
		    "no kind \"%s\": a line \"kind %s = %s\" makes it one",
		    text, text, text);
	return rules_fail(rules, line,
	    "no kind \"%s\": a line \"kind %s = TEXT\" is missing",
	    quote(name).text, quote(name).text);
}

static int
add_step(struct rules *rules, struct rule *rule, struct word name)
{
	int kind = find_kind(rules, name);

	if (memchr(name.text, ' ', name.length) != NULL ||
	    memchr(name.text, '\t', name.length) != NULL)
		return rules_fail(rules, rule->line,
		    "a comma is missing in \"%s\": it stands between the names "
		    "of kinds",
		    quote(name).text);
	if (name.length == 0)
		return rules_fail(rules, rule->line,
		    "a kind is missing behind \"->\": write their names with "
		    "commas between");
	if (kind < 0)
		return unknown_kind(rules, name, rule->line);
	for (unsigned i = 0; i < rule->step_count; i++)
		if (rule->steps[i] == kind)
			return rules_fail(rules, rule->line,
			    "\"%s\" twice behind \"->\": a kind is tried once",
			    quote(name).text);
	rules->kinds[kind].is_used = true;
	rule->steps[rule->step_count++] = (uint16_t)kind;
	return 0;
}

static int
find_steps(struct rules *rules, struct rule *rule)
{
	struct word rest, name;

	if (rule->list == NULL)
		return 0;
	rule->steps = calloc(RULES_KINDS_MAX, sizeof(*rule->steps));
	if (rule->steps == NULL)
		return no_memory();
	rest = word_of(rule->list);
	while (word_next(&rest, ',', &name))
		if (add_step(rules, rule, word_trim(name, LINE_BLANKS)) != 0)
			return -1;
	rule->steps = realloc(
	    rule->steps, rule->step_count * sizeof(*rule->steps));
	free(rule->list);
	rule->list = NULL;
	return 0;
}

bool
rules_is_else(const struct rule *rule)
{
	return rule->low == 0 && rule->high == SIZE_MAX &&
	    rule->thread == NULL && rule->where == RULES_ANYWHERE;
}

static void
warn_of_unused(const struct rules *rules)
{
	for (unsigned i = 0; i < rules->kind_count; i++)
		if (!rules->kinds[i].is_used)
			rules_warn(rules, rules->kinds[i].line,
			    "no rule uses the kind \"%s\"",
			    rules->kinds[i].name);
}

int
rules_finish(struct rules *rules)
{
	for (unsigned i = 0; i < rules->rule_count; i++)
		if (find_steps(rules, &rules->rules[i]) != 0)
			return -1;
	warn_of_unused(rules);
	if (rules->rule_count > 0 &&
	    rules_is_else(&rules->rules[rules->rule_count - 1]))
		return 0;
	if (rules_add_kind(rules, word_of(ORDINARY), word_of(ORDINARY), 0) != 0)
		return -1;
	return rules_add_else(rules, rules->kind_count - 1, 1);
}

void
rules_end(struct rules *rules)
{
	for (unsigned i = 0; i < rules->kind_count; i++) {
		free(rules->kinds[i].name);
		free(rules->kinds[i].written);
		free(rules->kinds[i].spec);
	}
	for (unsigned i = 0; i < rules->rule_count; i++)
		rule_free(&rules->rules[i]);
	free(rules->kinds);
	free(rules->rules);
	*rules = (struct rules){ 0 };
}
