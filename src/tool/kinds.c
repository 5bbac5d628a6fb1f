/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kinds.c - the command `poolkind kinds`: lists the kinds that have names here,
 * with their texts.
 *
 * Reads the file that a program would read when it opens "@NAME", and looks at
 * each text as the engine would, but opens none. A text that could not be
 * opened on any machine is told on standard error, and all others are listed.
 * Owns nothing but what it prints; no locks.
 */
#include <stdio.h>
#include <string.h>

#include "base/environment.h"
#include "base/error.h"
#include "spec/known.h"
#include "spec/parts.h"
#include "tool/commands.h"

/* Whether the kind can be referred to: its name is there once, the names in its
 * text lead to memory, and all of that are specs. */
static bool
is_valid(struct named_file *names, struct word name)
{
	char text[SPEC_NAME_MAX + 1];
	struct spec_parts parts;
	struct spec spec;

	snprintf(text, sizeof(text), "@%.*s", WORD(name));
	if (spec_split(word_of(text), names, &parts) != 0)
		return false;
	for (unsigned i = 0; i < parts.count; i++)
		if (spec_parse_part(&parts, i, &spec) != 0)
			return false;
	return true;
}

/* A line that is in the way of several kinds is told once in a row. */
static int
complain(void)
{
	static char before[ERROR_TEXT_MAX];

	if (strcmp(before, error_text()) == 0)
		return FAILED;
	strcpy(before, error_text());
	return fail("%s", before);
}

/* The status to end with. */
static int
list(struct named_file *names)
{
	struct named_line at = { 0 };
	struct named_kind kind;
	int status = 0, found = named_next(names, &at, &kind);

	if (found >= 0)
		printf("%-16s %s\n", "NAME", "TEXT");
	if (found == 0)
		remark("no kind has a name: lines \"kind NAME = TEXT\" in "
		       "%s would give some",
		    names->given != NULL ? names->given : NAMED_FILE);
	for (; found > 0; found = named_next(names, &at, &kind)) {
		printf("%-16.*s %.*s\n", WORD(kind.name), WORD(kind.text));
		if (!is_valid(names, kind.name))
			status = complain();
	}
	return found < 0 ? complain() : status;
}

int
command_kinds(int argc, char **argv)
{
	struct named_file names = { .given = variable(NAMED_VARIABLE) };
	int status;

	if (argc > 0)
		return not_understood("one word too many: \"%s\"", argv[0]);
	status = list(&names);
	named_close(&names);
	return status;
}
