/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * specs.c - the command `poolkind specs`: lists the sources and options of a
 * spec, as the parser's own tables have them.
 *
 * What is printed cannot differ from what is parsed: a source or an option that
 * is added to the tables is listed. Owns nothing but what it prints; no locks;
 * nothing fails here, as main() looks whether it was written.
 */
#include <stdio.h>

#include "spec/table.h"
#include "tool/commands.h"

/* With the form of what follows the word, "file:PATH[,..]" and the like, where
 * something does. */
static void
print_source(const struct spec_source_row *source)
{
	const char *form = source->where->form;

	printf("%-34s %s\n", form[0] != '\0' ? form : source->word,
	    source->meaning);
}

/* The sources that take the option, "all" where every one does. */
static void
print_takers(const struct spec_option *option)
{
	const char *comma = "";

	if (option->takers == SPEC_ANY) {
		fputs("all", stdout);
		return;
	}
	for (unsigned i = 0; i < SPEC_SOURCE_COUNT; i++) {
		if (!option_fits(option, (enum spec_source)i))
			continue;
		printf("%s%s", comma, spec_sources[i].word);
		comma = ", ";
	}
}

static void
print_option(const struct spec_option *option)
{
	printf(
	    "%-9s %-26s %-13s ", option->word, option->form, option->initial);
	print_takers(option);
	putchar('\n');
}

int
command_specs(int argc, char **argv)
{
	if (argc > 0)
		return not_understood("one word too many: \"%s\"", argv[0]);
	printf("%-34s %s\n", "SOURCE", "WHAT IT IS");
	for (unsigned i = 0; i < SPEC_SOURCE_COUNT; i++)
		if (spec_sources[i].traits & SPEC_HAS_TEXT)
			print_source(&spec_sources[i]);
	printf("\n%-9s %-26s %-13s %s\n", "OPTION", "VALUE", "DEFAULT",
	    "TAKEN BY");
	for (size_t i = 0; i < SPEC_OPTION_COUNT; i++)
		print_option(&spec_options[i]);
	return 0;
}
