/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check.c - the command `poolkind check`: what a kind's text comes to here.
 *
 * The kind is opened, as a program would open it, and closed again: so what is
 * printed is so, or it is said why not. What the text means is read from the
 * text that the kind came to, by the parser's own tables. For people, or as
 * JSON (poolkind(1) has the members).
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "kind/facade.h"
#include "poolkind.h"
#include "spec/parts.h"
#include "spec/table.h"
#include "tool/commands.h"
#include "tool/json.h"

#define COLUMN "%-10s "
#define DIGITS_MAX 4

static const char units[] = " KMGT";

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

static bool
is_size(const struct spec_option *option)
{
	return option->type == &option_size || option->type == &option_limit;
}

/* A size of more digits than people read is rounded here: "comes to" above has
 * all of them. */
static void
print_value(const struct spec_option *option, const struct spec *spec,
    const char *value)
{
	double number;
	size_t unit = 0;

	if (!is_size(option) || strspn(value, "0123456789") <= DIGITS_MAX) {
		puts(value);
		return;
	}
	number = (double)*CONST_OPTION_FIELD(option, spec, size_t);
	for (; number >= KIB && unit < sizeof(units) - 2; unit++)
		number /= KIB;
	printf("%.1f%c\n", number, units[unit]);
}

/* What the option is set to, in TEXT of SPEC_TEXT_MAX bytes; NULL: to nothing
 * but its default. */
static const char *
value_of(const struct spec_option *option, const struct spec *spec, char *text)
{
	struct writer to = { text, SPEC_TEXT_MAX, 0 };

	memset(text, 0, SPEC_TEXT_MAX);
	option->type->print(option, spec, &to); /* ",option=value" */
	return to.length == 0 ? NULL : text + strlen(option->word) + 2;
}

static void
print_option(const struct spec_option *option, const struct spec *spec)
{
	char text[SPEC_TEXT_MAX];
	const char *value = value_of(option, spec, text);

	if (value != NULL) {
		printf("  " COLUMN, option->word);
		print_value(option, spec, value);
	} else if (is_shown(option, spec))
		printf("  " COLUMN "%s\n", option->word, option->initial);
}

/* What a block is worth that was handed out: law 1 of poolkind(7). */
static const char *
promise(const struct spec *spec)
{
	if (spec->reserve || spec_is_present(spec))
		return "taken when the kind is opened";
	if (!spec_is_anonymous(spec) || spec->populate ||
	    spec->page == SPEC_PAGE_HUGE)
		return "taken before a block is handed out, else NULL";
	if (spec_has_nodes(spec) && spec->policy == SPEC_BIND)
		return "taken before a block of up to 64 MiB is handed out, "
		       "else NULL";
	return "taken at the first touch, as the kernel overcommits";
}

/* What is free on the nodes now; 0 of a topology that does not know that, or is
 * not there. */
static uint64_t
free_on(const struct topology *topology, const uint64_t *nodes)
{
	uint64_t free_bytes = 0;

	for (unsigned id = 0; topology != NULL && id < SPEC_NODES_MAX; id++)
		if (bits_test(nodes, id))
			free_bytes += poolkind_topology_free(topology, id);
	return free_bytes;
}

/* Nodes that the text names. */
static void
print_nodes_of(const struct topology *topology, const struct spec *spec)
{
	uint64_t free_bytes;

	if (!spec_has_nodes(spec))
		return;
	free_bytes = free_on(topology, spec->nodes);
	printf("  " COLUMN, "nodes");
	print_nodes(spec->nodes);
	if (free_bytes != 0)
		printf(", %" PRIu64 " MiB free", free_bytes / MIB);
	putchar('\n');
}

/* Calls VISIT with what threads on each node with processors have of a kind
 * whose weights were found. */
static void
each_place(const struct topology *topology, const poolkind *kind,
    void (*visit)(unsigned node, const struct kind_place *place))
{
	const struct topology_node *node;
	unsigned count = topology == NULL ?
	    0 :
	    poolkind_topology_nodes(topology, &node);

	for (unsigned i = 0; i < count; i++) {
		struct kind_place place;

		poolkind_place(kind, node[i].id, &place);
		if (node[i].has_cpus && place.weights[0] != 0)
			visit(node[i].id, &place);
	}
}

static void
print_place(unsigned node, const struct kind_place *place)
{
	printf("  from node %u: ", node);
	print_nodes(place->nodes);
	for (size_t i = 0; i < SPEC_WEIGHTS_MAX && place->weights[i] != 0; i++)
		printf("%s%u", i == 0 ? " by " : ":", place->weights[i]);
	puts(place->by_page ? ", page by page" : ", in slices");
}

static void
print_link(const struct topology *topology, const poolkind *kind,
    const struct spec *spec, bool first)
{
	printf("\n%s", first ? "" : "When that is full: ");
	printf("%s\n", spec_sources[spec->source].meaning);
	print_nodes_of(topology, spec);
	for (size_t i = 0; i < SPEC_OPTION_COUNT; i++)
		if (option_fits(&spec_options[i], spec->source))
			print_option(&spec_options[i], spec);
	each_place(topology, kind, print_place);
	printf("  " COLUMN "%s\n", "memory", promise(spec));
}

/* ---- The same as JSON ---------------------------------------------------- */

/* Sizes in bytes, null where there is none; others as they are written, and
 * what is not set as its default. */
static void
json_option(const struct spec_option *option, const struct spec *spec)
{
	char text[SPEC_TEXT_MAX];
	const char *value = value_of(option, spec, text);

	if (is_size(option)) {
		json_amount(option->word,
		    value == NULL ? 0 :
				    *CONST_OPTION_FIELD(option, spec, size_t));
		return;
	}
	printf(",\"%s\":", option->word);
	json_string(value == NULL ? option->initial : value);
}

static void
json_nodes_in(const uint64_t *nodes)
{
	const char *comma = "";

	printf(",\"nodes\":[");
	for (unsigned id = 0; id < SPEC_NODES_MAX; id++)
		if (bits_test(nodes, id)) {
			printf("%s%u", comma, id);
			comma = ",";
		}
	putchar(']');
}

static void
json_nodes_of(const struct topology *topology, const struct spec *spec)
{
	json_nodes_in(spec->nodes);
	json_amount(
	    "free", spec_has_nodes(spec) ? free_on(topology, spec->nodes) : 0);
}

/* The comma belongs to the object before, which there is but for the first. */
static const char *place_comma;

static void
json_place(unsigned node, const struct kind_place *place)
{
	printf("%s{\"from\":%u", place_comma, node);
	json_nodes_in(place->nodes);
	for (size_t i = 0; i < SPEC_WEIGHTS_MAX && place->weights[i] != 0; i++)
		printf(
		    "%s%u", i == 0 ? ",\"weights\":[" : ",", place->weights[i]);
	printf("],\"by_page\":%s}", place->by_page ? "true" : "false");
	place_comma = ",";
}

static void
json_link(const struct topology *topology, const poolkind *kind,
    const struct spec *spec, bool first)
{
	printf("%s\n{\"source\":\"%s\",\"meaning\":", first ? "" : ",",
	    spec_sources[spec->source].word);
	json_string(spec_sources[spec->source].meaning);
	json_nodes_of(topology, spec);
	for (size_t i = 0; i < SPEC_OPTION_COUNT; i++)
		if (option_fits(&spec_options[i], spec->source))
			json_option(&spec_options[i], spec);
	printf(",\"places\":[");
	place_comma = "";
	each_place(topology, kind, json_place);
	printf("],\"memory\":");
	json_string(promise(spec));
	putchar('}');
}

/* ---- A kind -------------------------------------------------------------- */

/* One paragraph, or object, for each link, in the order in which they are
 * asked. The parts of a text that a kind came to are specs, no names, so
 * nothing fails here. */
static void
each_link(const struct topology *topology, const poolkind *kind)
{
	struct spec_parts parts;
	struct spec spec;

	if (spec_split(word_of(poolkind_resolved(kind)), NULL, &parts) != 0)
		return;
	for (unsigned i = 0; i < parts.count && kind != NULL; i++) {
		if (spec_parse_part(&parts, i, &spec) != 0)
			return;
		(json_wanted ? json_link : print_link)(
		    topology, kind, &spec, i == 0);
		kind = poolkind_fallback(kind);
	}
}

static void
print_kind(const struct topology *topology, const poolkind *kind)
{
	const char *resolved = poolkind_resolved(kind);

	if (json_wanted) {
		printf("{\"text\":");
		json_string(poolkind_text(kind));
		printf(",\"comes_to\":");
		json_string(resolved);
		printf(",\"links\":[");
		each_link(topology, kind);
		puts("\n]}");
		return;
	}
	printf(COLUMN "%s\n", "text", poolkind_text(kind));
	printf(COLUMN "%s\n", "comes to", resolved);
	each_link(topology, kind);
}

/* The machine itself is asked once more, for what is free: a machine of which
 * nothing can be read has kinds all the same. */
int
check_kind(const char *text)
{
	char why[TOPOLOGY_TEXT_MAX];
	struct topology *topology;
	poolkind *kind = poolkind_open(text, 0);

	if (kind == NULL)
		return fail("%s", poolkind_errormsg());
	topology = poolkind_topology_open(NULL, why);
	print_kind(topology, kind);
	if (topology != NULL)
		poolkind_topology_close(topology);
	poolkind_close(kind);
	return 0;
}

int
command_check(int argc, char **argv)
{
	if (argc == 1)
		return check_kind(argv[0]);
	return argc == 0 ?
	    not_understood("check of which text?") :
	    not_understood("one word too many: \"%s\" (a text with spaces, "
			   "\"|\" or \">\" is quoted)",
		argv[1]);
}
