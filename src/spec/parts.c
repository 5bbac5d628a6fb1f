/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parts.c - see parts.h.
 *
 * A name is replaced by its text, in which there may be names again. Each of
 * them adds a part at least, of which there are SPEC_PARTS_MAX, and none may
 * lead back to itself: so this comes to an end.
 *
 * Owns nothing, takes no lock, calls no malloc. Fails with EINVAL and a
 * sentence, and as named_find() does.
 */
#include "spec/parts.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "spec/known.h"

#define REFERENCE '@'

struct splitting {
	struct spec_parts *parts;
	struct word whole; /* the text that was passed */
	/* The names that led to the text that is being split, the outermost
	 * first. */
	struct word names[SPEC_PARTS_MAX];
	unsigned depth;
};

/* What is split: TEXT, of a line of the file, or 0. */
struct piece {
	struct word text;
	unsigned line;
	bool is_next_link; /* ">" stands before it */
	bool is_link;      /* no "|" stands beside it: it may be a chain */
};

static int split_piece(struct splitting *all, struct piece piece);

static int
fail_at(const struct splitting *all, unsigned line)
{
	return line == 0 ? -1 :
			   named_place(named_path(all->parts->names), line);
}

/* What comes before the next "|" or ">" that no backslash precedes. */
static size_t
part_length(struct word text)
{
	size_t length = 0;

	while (length < text.length && text.text[length] != '|' &&
	    text.text[length] != '>')
		length += text.text[length] == '\\' &&
			length + 1 < text.length ?
		    2 :
		    1;
	return length;
}

/* ---- Names --------------------------------------------------------------- */

/* "@fast,limit=1G" is no name and a mistake that makes sense. */
static int
check_name(struct word name)
{
	if (memchr(name.text, ',', name.length) == NULL)
		return named_check(name);
	return error_set(EINVAL,
	    "\"@%s\" has options: a kind has them where its name is given",
	    quote(name).text);
}

/* The names by which the last one is reached from itself. */
static int
leads_to_itself(const struct splitting *all, struct word name)
{
	char by[QUOTE_MAX * 2] = "";

	for (unsigned i = 0; i < all->depth; i++) {
		struct word one = all->names[i];

		if (strlen(by) + one.length + sizeof("@, ...") > sizeof(by)) {
			strcat(by, "..., ");
			break;
		}
		strncat(strcat(by, "@"), one.text, one.length);
		strcat(by, ", ");
	}
	return error_set(EINVAL,
	    "kind %s leads back to itself (%s@%s): give it a text that ends in "
	    "memory",
	    quote(name).text, by, quote(name).text);
}

static int
enter(struct splitting *all, struct word name)
{
	for (unsigned i = 0; i < all->depth; i++)
		if (all->names[i].length == name.length &&
		    memcmp(all->names[i].text, name.text, name.length) == 0)
			return leads_to_itself(all, name);
	if (all->depth == SPEC_PARTS_MAX)
		return error_set(EINVAL,
		    "kind %s: names lead to it by way of more than %d others",
		    quote(name).text, SPEC_PARTS_MAX - 1);
	all->names[all->depth++] = name;
	return 0;
}

/* Splits the text that the name stands for. What is wrong with the name itself
 * is told with the place where it is used; a line that is wrong, with its
 * own. */
static int
split_name(struct splitting *all, struct piece piece)
{
	struct word name = { piece.text.text + 1, piece.text.length - 1 };
	struct named_kind kind;
	unsigned line;

	if (check_name(name) != 0 || enter(all, name) != 0)
		return fail_at(all, piece.line);
	if (named_find(all->parts->names, name, &kind, &line) != 0)
		return errno == ENOENT ? fail_at(all, piece.line) : -1;
	piece.text = kind.text;
	piece.line = line;
	if (split_piece(all, piece) != 0)
		return -1;
	all->depth--;
	return 0;
}

/* ---- Parts --------------------------------------------------------------- */

static int
add_part(struct splitting *all, struct piece piece)
{
	struct spec_parts *parts = all->parts;

	if (piece.text.length > 0 && piece.text.text[0] == REFERENCE)
		return split_name(all, piece);
	if (parts->count == SPEC_PARTS_MAX)
		return error_set(EINVAL, "\"%s\" has more than %d specs",
		    quote(all->whole).text, SPEC_PARTS_MAX);
	parts->part[parts->count] = piece.text;
	parts->is_next_link[parts->count] = piece.is_next_link;
	parts->line[parts->count++] = piece.line;
	return 0;
}

static int
check_piece(const struct splitting *all, struct piece whole, struct piece part)
{
	if (part.text.length == 0)
		error_set(EINVAL,
		    "a spec is missing in \"%s\": alternatives are written "
		    "A|B, a chain A > B",
		    quote(whole.text).text);
	else if (part.is_next_link && !whole.is_link)
		error_set(EINVAL,
		    "kind %s is a chain, and stands beside a \"|\": an "
		    "alternative has no \">\"",
		    quote(all->names[all->depth - 1]).text);
	else
		return 0;
	return fail_at(all, whole.line);
}

/* A text of one spec is left as it is, spaces too: the parser says what is
 * wrong with them. */
static int
split_piece(struct splitting *all, struct piece whole)
{
	const char *at = whole.text.text, *end = at + whole.text.length;
	size_t length = part_length(whole.text);
	struct piece part = whole;

	if (length == whole.text.length)
		return add_part(all, whole);
	for (;; at += length + 1) {
		char before = at == whole.text.text ? '\0' : at[-1];

		length = part_length((struct word){ at, (size_t)(end - at) });
		part.text = word_trim((struct word){ at, length }, " ");
		part.is_link = before != '|' &&
		    (at + length == end || at[length] == '>');
		if (before != '\0')
			part.is_next_link = before == '>';
		if (check_piece(all, whole, part) != 0 ||
		    add_part(all, part) != 0)
			return -1;
		if (at + length == end)
			return 0;
	}
}

int
spec_split(struct word text, struct named_file *names, struct spec_parts *parts)
{
	struct splitting all = { .parts = parts, .whole = text };

	*parts = (struct spec_parts){ .names = names };
	return split_piece(&all, (struct piece){ text, 0, false, true });
}

int
spec_parse_part(const struct spec_parts *parts, unsigned i, struct spec *spec)
{
	struct word part = parts->part[i];
	char text[SPEC_TEXT_MAX];
	int result;

	if (part.length >= sizeof(text))
		return error_set(ENAMETOOLONG,
		    "the spec \"%s\" is too long: it may have %d characters",
		    quote(part).text, SPEC_TEXT_MAX - 1);
	memcpy(text, part.text, part.length);
	text[part.length] = '\0';
	result = spec_parse(text, spec);
	if (result != 0)
		spec_part_place(parts, i);
	return result;
}

void
spec_part_place(const struct spec_parts *parts, unsigned i)
{
	if (parts->line[i] != 0)
		named_place(named_path(parts->names), parts->line[i]);
}

int
spec_check_parts(const struct spec_parts *parts)
{
	bool in_last_link = true;
	struct spec spec;

	for (unsigned i = parts->count; i-- > 0;) {
		if (spec_parse_part(parts, i, &spec) != 0)
			return -1;
		if (!in_last_link && spec.fallback[0] != '\0') {
			error_set(EINVAL,
			    "fallback=%s before a \">\": what follows is the "
			    "fallback",
			    spec.fallback);
			spec_part_place(parts, i);
			return -1;
		}
		if (in_last_link && spec_check_last(&spec) != 0) {
			spec_part_place(parts, i);
			return -1;
		}
		in_last_link &= !parts->is_next_link[i];
	}
	return 0;
}
