/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spec_print.c - a kind back into text.
 *
 * Owns nothing. Called by kind/, the shim and the tests. Takes no lock,
 * allocates nothing, cannot fail: a text that does not fit is cut.
 */
#include <string.h>

#include "spec/spec.h"
#include "spec/words.h"

/* Where the text goes, and how long it would be in all. */
struct writer {
	char *text;
	size_t size, length;
};

static void
write_char(struct writer *to, char c)
{
	if (to->length < to->size)
		to->text[to->length] = c;
	to->length++;
}

static void
write_text(struct writer *to, const char *text)
{
	while (*text != '\0')
		write_char(to, *text++);
}

static void
write_number(struct writer *to, size_t number)
{
	if (number >= 10)
		write_number(to, number / 10);
	write_char(to, (char)('0' + number % 10));
}

/* In the largest unit that is exact. */
static void
write_size(struct writer *to, size_t size)
{
	static const char units[] = "KMGT";
	size_t unit = 0;

	while (size != 0 && size % KIB == 0 && units[unit] != '\0') {
		size /= KIB;
		unit++;
	}
	write_number(to, size);
	if (unit != 0)
		write_char(to, units[unit - 1]);
}

static void
write_path(struct writer *to, const char *path)
{
	for (; *path != '\0'; path++) {
		if (*path == ',' || *path == '\\')
			write_char(to, '\\');
		write_char(to, *path);
	}
}

static bool
has_node(const struct spec *spec, unsigned node)
{
	return node < SPEC_NODES_MAX && bits_test(spec->nodes, node);
}

/* Runs of nodes as ranges: 0-3,5. */
static void
write_nodes(struct writer *to, const struct spec *spec)
{
	const char *separator = "";
	unsigned node, last;

	for (node = 0; node < SPEC_NODES_MAX; node = last + 1) {
		last = node;
		if (!has_node(spec, node))
			continue;
		while (has_node(spec, last + 1))
			last++;
		write_text(to, separator);
		write_number(to, node);
		if (last != node) {
			write_char(to, '-');
			write_number(to, last);
		}
		separator = ",";
	}
}

static void
write_option(struct writer *to, const char *name, const char *value)
{
	write_char(to, ',');
	write_text(to, name);
	write_char(to, '=');
	write_text(to, value);
}

static void
write_size_option(struct writer *to, const char *name, size_t size)
{
	if (size == 0)
		return;
	write_option(to, name, "");
	write_size(to, size);
}

static void
write_weights(struct writer *to, const struct spec *spec)
{
	for (size_t i = 0; i < SPEC_WEIGHTS_MAX && spec->weights[i] != 0; i++) {
		if (i == 0)
			write_option(to, "weights", "");
		else
			write_char(to, ':');
		write_number(to, spec->weights[i]);
	}
}

static void
write_options(struct writer *to, const struct spec *spec)
{
	if (spec->scope != SPEC_LOCAL)
		write_option(to, "scope", spec_scope_words[spec->scope]);
	if (spec->page != SPEC_PAGE_BASE)
		write_option(to, "page", spec_page_words[spec->page]);
	if (spec->policy != SPEC_BIND)
		write_option(to, "policy", spec_policy_words[spec->policy]);
	write_weights(to, spec);
	if (spec->home_given) {
		write_option(to, "home", "");
		write_number(to, spec->home);
	}
	if (spec->populate)
		write_option(to, "populate", "yes");
	write_size_option(to, "offset", spec->offset);
	write_size_option(to, "size", spec->size);
	if (spec->grow)
		write_option(to, "grow", "yes");
	if (spec->reserve)
		write_option(to, "reserve", "yes");
	if (spec->trust)
		write_option(to, "trust", "yes");
	write_size_option(to, "limit", spec->limit);
	/* What the shim alone can ask for has no text. */
	if (spec->fork != SPEC_FORK_REFUSE &&
	    spec->fork != SPEC_FORK_COPY_OR_PRIVATE)
		write_option(to, "fork", spec_fork_words[spec->fork]);
	if (spec->name[0] != '\0')
		write_option(to, "name", spec->name);
	if (spec->fallback[0] != '\0')
		write_option(to, "fallback", spec->fallback);
}

static void
write_where(struct writer *to, const struct spec *spec)
{
	switch (spec->source) {
	case SPEC_NODES:
		write_char(to, ':');
		write_nodes(to, spec);
		break;
	case SPEC_DAX:
		if (spec->dax == SPEC_DAX_AUTO) {
			write_text(to, ":auto");
			break;
		}
		if (spec->dax == SPEC_DAX_NODE) {
			write_text(to, ":node=");
			write_number(to, spec->dax_node);
			break;
		}
		/* fallthrough */
	case SPEC_FILE:
		write_char(to, ':');
		write_path(to, spec->path);
		break;
	default:
		break;
	}
}

size_t
spec_print(const struct spec *spec, char *text, size_t size)
{
	struct writer to = { .text = text, .size = size };

	write_text(&to, spec_source_words[spec->source]);
	write_where(&to, spec);
	write_options(&to, spec);
	if (size != 0)
		text[min_size(to.length, size - 1)] = '\0';
	return to.length;
}
