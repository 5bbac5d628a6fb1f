/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check.c - the command `poolkind check`: what a kind's text comes to here.
 *
 * The kind is opened, as a program would open it, and closed again: so what is
 * printed is so, or it is said why not. What the text means is read from the
 * text that the kind came to, by the parser's own tables.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "poolkind.h"
#include "spec/parts.h"
#include "spec/table.h"
#include "tool/commands.h"

#define COLUMN "%-10s "

/* Those that people ask for are shown at their default, too. */
static bool
is_shown(const struct spec_option *option, const struct spec *spec)
{
	if (strcmp(option->word, "policy") == 0)
		return spec_has_nodes(spec);
	return strcmp(option->word, "page") == 0 ||
	    strcmp(option->word, "size") == 0 ||
	    strcmp(option->word, "limit") == 0 ||
	    strcmp(option->word, "fork") == 0;
}

static void
print_option(const struct spec_option *option, const struct spec *spec)
{
	char text[SPEC_TEXT_MAX] = "";
	struct writer to = { text, sizeof(text), 0 };

	option->type->print(option, spec, &to);
	if (to.length != 0) /* what was written is ",option=value" */
		printf("  " COLUMN "%s\n", option->word,
		    text + strlen(option->word) + 2);
	else if (is_shown(option, spec))
		printf("  " COLUMN "%s\n", option->word, option->initial);
}

/* What a block is worth that was handed out: law 1 of poolkind(7). */
static const char *
promise(const struct spec *spec)
{
	if (spec->reserve || spec_is_present(spec))
		return "taken when the kind is opened";
	if (!spec_is_anonymous(spec) || spec->populate ||
	    spec->page >= SPEC_PAGE_2M)
		return "taken before a block is handed out, else NULL";
	if (spec_has_nodes(spec) && spec->policy == SPEC_BIND)
		return "taken before a block of up to 64 MiB is handed out, "
		       "else NULL";
	return "taken at the first touch, as the kernel overcommits";
}

/* Nodes that the text names, with what is free on them now. Of a topology that
 * does not know that, or is not there, the sum is 0, and nothing is said. */
static void
print_nodes_of(const struct topology *topology, const struct spec *spec)
{
	uint64_t free_bytes = 0;

	if (!spec_has_nodes(spec))
		return;
	printf("  " COLUMN, "nodes");
	print_nodes(spec->nodes);
	for (unsigned id = 0; topology != NULL && id < SPEC_NODES_MAX; id++)
		if (bits_test(spec->nodes, id))
			free_bytes += poolkind_topology_free(topology, id);
	if (free_bytes != 0)
		printf(", %" PRIu64 " MiB free", free_bytes / MIB);
	putchar('\n');
}

static void
print_link(const struct topology *topology, const struct spec *spec)
{
	printf("%s\n", spec_sources[spec->source].meaning);
	print_nodes_of(topology, spec);
	for (size_t i = 0; i < SPEC_OPTION_COUNT; i++)
		if (option_fits(&spec_options[i], spec->source))
			print_option(&spec_options[i], spec);
	printf("  " COLUMN "%s\n", "memory", promise(spec));
}

/* One paragraph for each link, in the order in which they are asked. The parts
 * of a text that a kind came to are specs, so nothing fails here. */
static void
print_links(const struct topology *topology, const char *resolved)
{
	struct spec_parts parts;
	struct spec spec;

	if (spec_split(resolved, &parts) != 0)
		return;
	for (unsigned i = 0; i < parts.count; i++) {
		if (spec_parse_part(&parts, i, &spec) != 0)
			return;
		printf("\n%s", i == 0 ? "" : "When that is full: ");
		print_link(topology, &spec);
	}
}

/* The machine itself is asked once more, for what is free: a machine of which
 * nothing can be read has kinds all the same. */
int
command_check(int argc, char **argv)
{
	char why[TOPOLOGY_TEXT_MAX];
	struct topology *topology;
	poolkind *kind;

	if (argc != 1)
		return argc == 0 ?
		    not_understood("check of which text?") :
		    not_understood("one word too many: \"%s\" (a text with "
				   "spaces, \"|\" or \">\" is quoted)",
			argv[1]);
	kind = poolkind_open(argv[0], 0);
	if (kind == NULL)
		return fail("%s", poolkind_errormsg());
	topology = poolkind_topology_open(NULL, why);
	printf(COLUMN "%s\n", "text", poolkind_text(kind));
	printf(COLUMN "%s\n", "comes to", poolkind_resolved(kind));
	print_links(topology, poolkind_resolved(kind));
	if (topology != NULL)
		poolkind_topology_close(topology);
	poolkind_close(kind);
	return 0;
}
