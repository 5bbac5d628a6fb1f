/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kinds.c - the kinds that rules name: their texts, and what a program is to
 * open in their place.
 *
 * The library that serves the program reads no file of names, and is asked by
 * people who know nothing of how the program forks. So names are replaced by
 * what they stand for, and each part in a file that says nothing of fork gets
 * fork=private: a program that opens such a kind itself knows what its children
 * do, but one whose malloc comes from there goes on with its data in them. That
 * is also what libvmmalloc's pools do. A device cannot be copied: who puts a
 * heap there writes fork=shared or does without children.
 *
 * Owns nothing but what struct rules does; see rules.h.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/environment.h"
#include "base/error.h"
#include "rules/rules.h"
#include "rules/table.h"
#include "spec/known.h"
#include "spec/parts.h"

#define COPY_IN_CHILD ",fork=private"
#define BETWEEN_MAX sizeof(" > ")

/* ---- What is opened ------------------------------------------------------ */

/* Appends part I, with what comes before it and what it lacks. */
static char *
add_part(char *end, const struct spec_parts *parts, unsigned i,
    const struct spec *spec)
{
	const char *before = parts->is_next_link[i] ? " > " : " | ";
	bool lacks_fork = spec->source == SPEC_FILE && !spec->fork_given;

	end = stpcpy(end, i == 0 ? "" : before);
	end = mempcpy(end, parts->part[i].text, parts->part[i].length);
	return stpcpy(end, lacks_fork ? COPY_IN_CHILD : "");
}

/* PARTS are valid. */
static int
set_spec(struct rules_named_kind *kind, const struct spec_parts *parts)
{
	struct spec spec;
	size_t bytes = 1;
	char *end;

	for (unsigned i = 0; i < parts->count; i++)
		bytes += BETWEEN_MAX + parts->part[i].length +
		    sizeof(COPY_IN_CHILD);
	end = kind->spec = malloc(bytes);
	if (end == NULL)
		return error_set(ENOMEM, "no memory for the text of a kind");
	for (unsigned i = 0; i < parts->count; i++) {
		spec_parse_part(parts, i, &spec);
		kind->reads_machine |= spec_reads_machine(&spec);
		end = add_part(end, parts, i, &spec);
	}
	return 0;
}

/* ---- What is written ----------------------------------------------------- */

/* The text of a kind is a spec, or several. The order in which kinds are tried
 * is for rules and chains to say: a fallback= would be a second order, which
 * could go in a circle. */
static int
check_parts(struct rules *rules, const struct spec_parts *parts, unsigned line)
{
	struct spec spec;

	if (spec_check_parts(parts) != 0)
		return -1;
	for (unsigned i = 0; i < parts->count; i++) {
		spec_parse_part(parts, i, &spec);
		if (spec.fallback[0] != '\0')
			return rules_fail(rules, line,
			    "fallback=%s: the kinds to try next follow, in "
			    "their order; or write a chain, \"A > B\"",
			    spec.fallback);
	}
	return 0;
}

static int
read_text(struct rules *rules, struct rules_named_kind *kind)
{
	struct named_file names = { .given = variable(NAMED_VARIABLE) };
	struct spec_parts parts;
	int result;

	rules->line = kind->line;
	result = spec_split(word_of(kind->written), &names, &parts);
	if (result == 0)
		result = check_parts(rules, &parts, kind->line);
	if (result == 0)
		result = set_spec(kind, &parts);
	named_close(&names);
	if (result == 0)
		rules->line = 0;
	return result;
}

int
rules_add_kind(
    struct rules *rules, struct word name, struct word text, unsigned line)
{
	struct rules_named_kind *kind;

	if (rules->kind_count == RULES_KINDS_MAX)
		return rules_fail(rules, line,
		    "\"%s\" is one kind too many: there may be %d",
		    quote(name).text, RULES_KINDS_MAX);
	if (rules->kinds == NULL)
		rules->kinds = calloc(RULES_KINDS_MAX, sizeof(*rules->kinds));
	if (rules->kinds == NULL)
		return error_set(ENOMEM, "no memory for the rules");
	rules->line = line;
	kind = &rules->kinds[rules->kind_count];
	*kind = (struct rules_named_kind){ .line = line };
	kind->name = rules_copy(name);
	kind->written = rules_copy(text);
	rules->kind_count++;
	if (kind->name == NULL || kind->written == NULL)
		return -1;
	return read_text(rules, kind);
}
