/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table_write.c - see table_write.h.
 *
 * All is counted first: so each part has its place before anything is written,
 * and there is one allocation.
 */
#include "rules/table_write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/error.h"

struct draft {
	const struct rules *rules;
	const struct modules *modules;
	struct rules_table *table;
	uint32_t text_bytes; /* written so far */
	uint32_t range_count, step_count;
};

/* ---- How much ------------------------------------------------------------ */

static size_t
text_bytes(const char *text)
{
	return text == NULL || *text == '\0' ? 0 : strlen(text) + 1;
}

static size_t
all_text(const struct draft *draft)
{
	size_t bytes = 1; /* "" is at 0 */

	for (unsigned i = 0; i < draft->rules->kind_count; i++)
		bytes += text_bytes(draft->rules->kinds[i].name) +
		    text_bytes(draft->rules->kinds[i].spec);
	for (unsigned i = 0; i < draft->rules->rule_count; i++)
		bytes += text_bytes(draft->rules->rules[i].thread) +
		    text_bytes(draft->rules->rules[i].text);
	for (size_t i = 0; i < draft->modules->count; i++)
		bytes += text_bytes(draft->modules->list[i].name);
	return bytes;
}

static size_t
all_steps(const struct rules *rules)
{
	size_t count = 0;

	for (unsigned i = 0; i < rules->rule_count; i++)
		count += rules->rules[i].step_count;
	return count;
}

static size_t
all_modules(const struct modules *modules, size_t *ranges)
{
	size_t count = 0;

	*ranges = 0;
	for (size_t i = 0; i < modules->count; i++) {
		count += modules->list[i].range_count != 0;
		*ranges += modules->list[i].range_count;
	}
	return count;
}

/* Gives PART its place at the end of BYTES. */
static void
place(struct rules_part *part, size_t *bytes, size_t count, size_t size)
{
	*bytes = align_up(*bytes, 8);
	*part = (struct rules_part){ (uint32_t)*bytes, (uint32_t)count };
	*bytes += count * size;
}

static size_t
place_all(const struct draft *draft, struct rules_table *head)
{
	size_t bytes = sizeof(*head), ranges;
	size_t modules = all_modules(draft->modules, &ranges);

	place(&head->kinds, &bytes, draft->rules->kind_count,
	    sizeof(struct rules_kind));
	place(&head->rules, &bytes, draft->rules->rule_count,
	    sizeof(struct rules_rule));
	place(&head->steps, &bytes, all_steps(draft->rules), sizeof(uint16_t));
	place(&head->modules, &bytes, modules, sizeof(struct rules_module));
	place(&head->ranges, &bytes, ranges, sizeof(struct rules_range));
	place(&head->texts, &bytes, all_text(draft), 1);
	return bytes;
}

/* ---- What ---------------------------------------------------------------- */

static void *
part(const struct draft *draft, struct rules_part part)
{
	return (char *)draft->table + part.offset;
}

static uint32_t
put_text(struct draft *draft, const char *text)
{
	char *texts = part(draft, draft->table->texts);
	uint32_t at = draft->text_bytes;
	size_t bytes = text_bytes(text);

	if (bytes == 0)
		return 0;
	memcpy(texts + at, text, bytes);
	draft->text_bytes += (uint32_t)bytes;
	return at;
}

static enum rules_from
from_of(enum rules_where where)
{
	switch (where) {
	case RULES_AT_LINE:
	case RULES_AT_OFFSET:
		return RULES_FROM_SITE;
	case RULES_IN_FUNCTION:
	case RULES_ON_STACK:
		return RULES_FROM_FUNCTION;
	default:
		return RULES_FROM_ANYWHERE;
	}
}

static void
put_kinds(struct draft *draft)
{
	struct rules_kind *kinds = part(draft, draft->table->kinds);

	for (unsigned i = 0; i < draft->rules->kind_count; i++) {
		const struct rules_named_kind *kind = &draft->rules->kinds[i];

		kinds[i].name = put_text(draft, kind->name);
		kinds[i].spec = put_text(draft, kind->spec);
		kinds[i].flags = kind->reads_machine ? RULES_READS_MACHINE : 0;
	}
}

static void
put_rule(struct draft *draft, const struct rule *rule, struct rules_rule *to)
{
	uint16_t *steps = part(draft, draft->table->steps);

	*to = (struct rules_rule){
		.low = rule->low,
		.high = rule->high,
		.thread = put_text(draft, rule->thread),
		.from = from_of(rule->where),
		.first_step = draft->step_count,
		.step_count = rule->step_count,
		.text = put_text(draft, rule->text),
		.line = rule->line,
	};
	memcpy(steps + draft->step_count, rule->steps,
	    rule->step_count * sizeof(*steps));
	draft->step_count += rule->step_count;
}

static void
put_module(
    struct draft *draft, const struct rules_file *file, struct rules_module *to)
{
	struct rules_range *ranges = part(draft, draft->table->ranges);

	*to = (struct rules_module){
		.build_id_bytes = file->build_id_bytes,
		.name = put_text(draft, file->name),
		.first_range = draft->range_count,
		.range_count = (uint32_t)file->range_count,
	};
	memcpy(to->build_id, file->build_id, sizeof(to->build_id));
	memcpy(ranges + draft->range_count, file->ranges,
	    file->range_count * sizeof(*ranges));
	draft->range_count += (uint32_t)file->range_count;
}

static void
put_all(struct draft *draft)
{
	struct rules_rule *rules = part(draft, draft->table->rules);
	struct rules_module *modules = part(draft, draft->table->modules);

	put_kinds(draft);
	for (unsigned i = 0; i < draft->rules->rule_count; i++)
		put_rule(draft, &draft->rules->rules[i], &rules[i]);
	for (size_t i = 0; i < draft->modules->count; i++)
		if (draft->modules->list[i].range_count != 0)
			put_module(draft, &draft->modules->list[i], modules++);
}

struct rules_table *
rules_table_write(const struct rules *rules, const struct modules *modules,
    uint32_t flags, uint64_t sites_from)
{
	struct draft draft = { rules, modules, NULL, 1, 0, 0 };
	struct rules_table head = {
		.magic = RULES_MAGIC,
		.flags = flags,
		.sites_from = sites_from,
	};
	size_t bytes = place_all(&draft, &head);

	if (bytes > UINT32_MAX) {
		error_set(EFBIG, "the rules come to more than 4 GiB");
		return NULL;
	}
	head.bytes = (uint32_t)bytes;
	draft.table = calloc(1, bytes);
	if (draft.table == NULL) {
		error_set(ENOMEM, "no memory for the table of rules");
		return NULL;
	}
	*draft.table = head;
	put_all(&draft);
	return draft.table;
}
