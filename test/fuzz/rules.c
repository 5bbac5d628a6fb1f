/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules.c - the parser of rules, fed by libFuzzer: whatever a text has in it,
 * it is understood or there is a sentence of one line, and what is understood
 * makes a table that holds together. Built and run by test/fuzz/run.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "rules/rules.h"
#include "rules/table_write.h"

#include "check.h"

static void
warn(void *to, unsigned line, const char *sentence)
{
	check(to == NULL && line != 0);
	check_sentence(sentence);
}

static void
check_rule(const struct rules_table *table, const struct rules_rule *rule)
{
	const char *texts = (const char *)table + table->texts.offset;
	const uint16_t *steps = (const uint16_t *)((const char *)table +
	    table->steps.offset);

	check(rule->low <= rule->high);
	check(rule->step_count > 0 &&
	    rule->first_step + rule->step_count <= table->steps.count);
	for (uint32_t i = 0; i < rule->step_count; i++)
		check(steps[rule->first_step + i] < table->kinds.count);
	check(rule->thread < table->texts.count);
	check(*(texts + rule->text) != '\0');
}

static void
check_table(const struct rules *rules)
{
	const struct modules none = { .list = NULL };
	struct rules_table *table = rules_table_write(rules, &none, 0, 4096);
	const struct rules_rule *rows, *last;

	check(table != NULL);
	rows = (const struct rules_rule *)((char *)table + table->rules.offset);
	check(table->rules.count == rules->rule_count);
	for (uint32_t i = 0; i < table->rules.count; i++)
		check_rule(table, &rows[i]);
	last = &rows[table->rules.count - 1];
	check(last->low == 0 && last->high == UINT64_MAX && last->thread == 0 &&
	    last->from == RULES_FROM_ANYWHERE);
	free(table);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rules rules = { .warn = warn };

	if (rules_parse(&rules, (const char *)data, size) == 0 &&
	    rules_finish(&rules) == 0)
		check_table(&rules);
	else
		check_sentence(error_text());
	rules_end(&rules);
	return 0;
}
