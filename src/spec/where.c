/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * where.c - where a source is, from text and back into text. See where.h.
 *
 * Owns nothing, takes no lock, allocates nothing. What is printed is parsed
 * into the same fields again. Whether nodes, a directory or a device exist is
 * found out when the kind is opened.
 */
#include "spec/where.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "spec/known.h"

/* ---- Nodes --------------------------------------------------------------- */

#define ALL "all"

/* Takes a number from *AT; false if there is none. END stands for any that is
 * as large or larger, which is not read into a number further, so that it
 * cannot overflow. */
static bool
take_number(const char **at, unsigned end, unsigned *number)
{
	size_t digits = strspn(*at, "0123456789");

	*number = 0;
	for (size_t i = 0; i < digits && *number < end; i++)
		*number = *number * 10 + (unsigned)((*at)[i] - '0');
	*number = *number < end ? *number : end;
	*at += digits;
	return digits > 0;
}

static bool
take_node(const char **at, unsigned *node)
{
	return take_number(at, SPEC_NODES_MAX, node);
}

int
parse_node(const char *what, struct word value, unsigned *node)
{
	const char *at = value.text;

	if (take_node(&at, node) && at == value.text + value.length &&
	    *node < SPEC_NODES_MAX)
		return 0;
	return error_set(EINVAL,
	    "%s%s is not the number of a node: these go from 0 to %d", what,
	    quote(value).text, SPEC_NODES_MAX - 1);
}

/* Takes one node or a range of them from *AT. Nodes that were named before may
 * be named again: the list is a set. */
static int
parse_range(const char **at, struct spec *spec)
{
	struct word word = word_until(*at, ",");
	unsigned first, last;
	bool good = take_node(at, &first);

	last = first;
	if (good && **at == '-') {
		(*at)++;
		good = take_node(at, &last);
	}
	if (!good || *at != word.text + word.length)
		return error_set(EINVAL,
		    "nodes:%s is not a list of nodes: a list is like 0-3,5, or "
		    "all",
		    quote(word).text);
	if (first == SPEC_NODES_MAX || last == SPEC_NODES_MAX)
		return error_set(EINVAL, "nodes:%s: nodes go from 0 to %d",
		    quote(word).text, SPEC_NODES_MAX - 1);
	if (last < first)
		return error_set(EINVAL, "nodes:%s runs backwards: write %u-%u",
		    quote(word).text, last, first);
	bits_fill(spec->nodes, first, last + 1, true);
	return 0;
}

/* A comma that a digit follows goes on with the list: no option begins with a
 * digit. */
static int
parse_nodes(const char **at, struct spec *spec)
{
	if (word_is(word_until(*at, ","), ALL)) {
		spec->all_nodes = true;
		*at += strlen(ALL);
		return 0;
	}
	if (parse_range(at, spec) != 0)
		return -1;
	while (**at == ',' && (*at)[1] >= '0' && (*at)[1] <= '9') {
		(*at)++;
		if (parse_range(at, spec) != 0)
			return -1;
	}
	return 0;
}

void
write_nodes(struct writer *to, const uint64_t *nodes)
{
	const char *separator = "";
	size_t node = 0, end;

	for (;; node = end) {
		node = bits_find(nodes, node, SPEC_NODES_MAX, true);
		if (node >= SPEC_NODES_MAX)
			return;
		end = bits_find(nodes, node, SPEC_NODES_MAX, false);
		write_text(to, separator);
		write_number(to, node);
		if (end != node + 1) {
			write_char(to, '-');
			write_number(to, end - 1);
		}
		separator = ",";
	}
}

static void
print_nodes(struct writer *to, const struct spec *spec)
{
	if (spec->all_nodes)
		write_text(to, ALL);
	write_nodes(to, spec->nodes);
}

/* ---- Tiers --------------------------------------------------------------- */

static int
parse_tier(const char **at, struct spec *spec)
{
	struct word word = word_until(*at, ",");

	if (take_number(at, SPEC_TIERS_MAX, &spec->tier) &&
	    *at == word.text + word.length && spec->tier < SPEC_TIERS_MAX)
		return 0;
	return error_set(EINVAL,
	    "tier:%s is not the number of a memory tier: these go from 0 to %d",
	    quote(word).text, SPEC_TIERS_MAX - 1);
}

static void
print_tier(struct writer *to, const struct spec *spec)
{
	write_number(to, spec->tier);
}

/* ---- Paths --------------------------------------------------------------- */

/* What a path has a backslash before: what would end it, and the backslash. */
#define IS_ESCAPED ",|>\\"

/* Takes one character of a path from *AT, a backslash and the next character
 * for one; -1 and the sentence for a backslash before anything else. */
static int
take_character(const char **at, const char *path)
{
	if (**at == '\\') {
		(*at)++;
		if (**at == '\0' || strchr(IS_ESCAPED, **at) == NULL)
			return error_set(EINVAL,
			    "a backslash in the path of \"%s\": write \\\\ for "
			    "it, and \\, \\| \\> for what would end the path",
			    quote(word_of(path)).text);
	}
	return (unsigned char)*(*at)++;
}

/*
 * Takes the path up to a comma that no backslash precedes. A comma ends it, as
 * options follow; a path that contains one writes it as \, and so a backslash
 * as two of them. The path must fit into the spec, and a longer one no system
 * call would take: ENAMETOOLONG, as these say.
 */
static int
parse_path(const char **at, struct spec *spec)
{
	const char *from = *at;
	size_t length = 0;

	while (*from != '\0' && *from != ',') {
		int c = take_character(&from, *at);

		if (c < 0)
			return -1;
		if (length == sizeof(spec->path) - 1)
			return error_set(ENAMETOOLONG,
			    "the path \"%s\" is too long: it may have %d bytes",
			    quote(word_of(*at)).text, PATH_MAX - 1);
		spec->path[length++] = (char)c;
	}
	spec->path[length] = '\0';
	*at = from;
	return 0;
}

static void
print_path(struct writer *to, const struct spec *spec)
{
	for (const char *at = spec->path; *at != '\0'; at++) {
		if (strchr(IS_ESCAPED, *at) != NULL)
			write_char(to, '\\');
		write_char(to, *at);
	}
}

/* ---- Devices ------------------------------------------------------------- */

#define AUTO "auto"
#define NODE "node="

/* "auto" and "node=N" are words and not paths: a file of such a name in the
 * working directory is written ./auto. */
static int
parse_device(const char **at, struct spec *spec)
{
	if (word_is(word_until(*at, ","), AUTO)) {
		spec->dax = SPEC_DAX_AUTO;
		*at += strlen(AUTO);
		return 0;
	}
	if (strncmp(*at, NODE, strlen(NODE)) == 0) {
		struct word number = word_until(*at + strlen(NODE), ",");

		spec->dax = SPEC_DAX_NODE;
		*at = number.text + number.length;
		return parse_node("dax:" NODE, number, &spec->dax_node);
	}
	return parse_path(at, spec);
}

static void
print_device(struct writer *to, const struct spec *spec)
{
	switch (spec->dax) {
	case SPEC_DAX_AUTO:
		write_text(to, AUTO);
		return;
	case SPEC_DAX_NODE:
		write_text(to, NODE);
		write_number(to, spec->dax_node);
		return;
	case SPEC_DAX_PATH:
		print_path(to, spec);
	}
}

/* ---- The table ----------------------------------------------------------- */

/* Each row: the form, as sentences quote it, the parser and the printer. A
 * source without a parser takes no location. */
const struct spec_where spec_where_nothing = { .form = "" };
const struct spec_where spec_where_nodes = {
	"nodes:all, or nodes:LIST with a list like 0-3,5", parse_nodes,
	print_nodes
};
const struct spec_where spec_where_tier = { "tier:N", parse_tier, print_tier };
const struct spec_where spec_where_directory = { "file:DIRECTORY", parse_path,
	print_path };
const struct spec_where spec_where_device = {
	"dax:PATH, dax:auto or dax:node=N", parse_device, print_device
};
