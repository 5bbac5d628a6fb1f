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
#include <string.h>

#include "spec/table.h"
#include "tool/commands.h"

#define SOURCE_WIDTH 16
#define VALUE_WIDTH 14
#define ATTRIBUTES "attributes"

/* In a column of WIDTH; what is wider has a line to itself, and the next column
 * is on the next line, behind INDENT more. */
static void
print_cell(const char *text, int width, int indent)
{
	if (strlen(text) > (size_t)width)
		printf("%s\n%*s", text, indent + width + 1, "");
	else
		printf("%-*s ", width, text);
}

/* With the form of what follows the word, "file:PATH[,..]" and the like, where
 * something does. */
static void
print_source(const struct spec_source_row *source)
{
	const char *form = source->where->form;

	print_cell(form[0] != '\0' ? form : source->word, SOURCE_WIDTH, 0);
	puts(source->meaning);
}

/* Sources with a text and one of TRAITS, "all" where every one has; those by
 * attribute, which take the same options, in one word. */
static void
print_takers(unsigned traits)
{
	const char *comma = "";
	bool had_attributes = false;

	for (unsigned i = 0; i < SPEC_SOURCE_COUNT && traits != SPEC_ANY; i++) {
		bool by_attribute = spec_sources[i].traits & SPEC_BY_ATTRIBUTE;

		if (!(spec_sources[i].traits & traits) ||
		    (by_attribute && had_attributes))
			continue;
		printf("%s%s", comma,
		    by_attribute ? ATTRIBUTES : spec_sources[i].word);
		had_attributes |= by_attribute;
		comma = ", ";
	}
	puts(traits == SPEC_ANY ? "all" : "");
}

static void
print_row(
    const char *word, const char *form, const char *initial, unsigned traits)
{
	printf("%-9s ", word);
	print_cell(form, VALUE_WIDTH, 10);
	printf("%-13s ", initial);
	print_takers(traits);
}

/* The policy has other words, and another default, for memory on nodes than for
 * dram. */
static void
print_policies(const struct spec_option *option)
{
	const char *local = option->words[SPEC_POLICY_LOCAL];
	char form[80] = "";

	for (unsigned i = 0; i < SPEC_POLICY_LOCAL; i++)
		strcat(strcat(form, i == 0 ? "" : "|"), option->words[i]);
	print_row(option->word, form, option->initial, SPEC_ON_NODES);
	printf("%-9s %-*s %-13s %s\n", "", VALUE_WIDTH, local, local,
	    spec_sources[SPEC_DRAM].word);
}

static void
print_option(const struct spec_option *option)
{
	if (strcmp(option->word, "policy") == 0)
		print_policies(option);
	else
		print_row(option->word, option->form, option->initial,
		    option->takers);
}

static void
print_attributes(void)
{
	struct known known = spec_words(SPEC_BY_ATTRIBUTE);

	printf("\n" ATTRIBUTES ": %s\n", known_list(&known).text);
}

int
command_specs(int argc, char **argv)
{
	if (argc > 0)
		return not_understood("one word too many: \"%s\"", argv[0]);
	printf("%-*s %s\n", SOURCE_WIDTH, "SOURCE", "WHAT IT IS");
	for (unsigned i = 0; i < SPEC_SOURCE_COUNT; i++)
		if (spec_sources[i].traits & SPEC_HAS_TEXT)
			print_source(&spec_sources[i]);
	printf("\n%-9s %-*s %-13s %s\n", "OPTION", VALUE_WIDTH, "VALUE",
	    "DEFAULT", "TAKEN BY");
	for (size_t i = 0; i < SPEC_OPTION_COUNT; i++)
		print_option(&spec_options[i]);
	print_attributes();
	return 0;
}
