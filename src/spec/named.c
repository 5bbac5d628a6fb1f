/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * named.c - see named.h.
 *
 * Owns nothing, takes no lock, allocates nothing. A line may have any bytes.
 */
#include "spec/named.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "spec/known.h"
#include "spec/spec.h"

#define FORM "write " NAMED_WORD " NAME = TEXT"

/* A file that was written elsewhere has a carriage return before each end. */
#define BLANKS " \t\r"

static bool
is_blank(char c)
{
	return memchr(BLANKS, c, sizeof(BLANKS) - 1) != NULL;
}

struct word
named_strip(struct word line)
{
	for (size_t i = 0; i < line.length; i++)
		if (line.text[i] == '#' &&
		    (i == 0 || is_blank(line.text[i - 1])))
			line.length = i;
	return word_trim(line, BLANKS);
}

struct word
named_take(struct word *rest)
{
	struct word first = { rest->text, 0 };

	while (
	    first.length < rest->length && !is_blank(rest->text[first.length]))
		first.length++;
	rest->text += first.length;
	rest->length -= first.length;
	*rest = word_trim(*rest, BLANKS);
	return first;
}

static bool
is_name(struct word name)
{
	static const char valid[] = SPEC_NAME_CHARACTERS;

	for (size_t i = 0; i < name.length; i++)
		if (memchr(valid, name.text[i], sizeof(valid) - 1) == NULL)
			return false;
	return name.length != 0;
}

/* People write the name as they refer to it. */
int
named_check(struct word name)
{
	if (name.length > 1 && name.text[0] == '@')
		return error_set(EINVAL,
		    "\"%s\" is not the name of a kind: write it without \"@\"",
		    quote(name).text);
	if (!is_name(name))
		return error_set(EINVAL,
		    "\"%s\" is not the name of a kind: a name has letters, "
		    "digits, \"_\", \".\" and \"-\" only",
		    quote(name).text);
	if (name.length >= SPEC_NAME_MAX)
		return error_set(EINVAL,
		    "\"%s\" is not the name of a kind: a name has %d "
		    "characters at most",
		    quote(name).text, SPEC_NAME_MAX - 1);
	return 0;
}

int
named_read(struct word line, struct named_kind *kind)
{
	struct word rest = line;

	named_take(&rest);
	word_next(&rest, '=', &kind->name);
	kind->name = word_trim(kind->name, BLANKS);
	if (rest.text == NULL)
		return error_set(
		    EINVAL, "\"%s\" has no \"=\": " FORM, quote(line).text);
	if (kind->name.length == 0)
		return error_set(
		    EINVAL, "\"%s\" has no name: " FORM, quote(line).text);
	if (named_check(kind->name) != 0)
		return -1;
	kind->text = word_trim(rest, BLANKS);
	if (kind->text.length == 0)
		return error_set(EINVAL,
		    "kind %s has no text: " FORM ", with a text such as dram "
		    "or \"hbw,limit=8G > dram\"",
		    quote(kind->name).text);
	return 0;
}

int
named_twice(struct word name, unsigned line)
{
	return error_set(EINVAL, "kind %s is there twice: line %u has it, too",
	    quote(name).text, line);
}

int
named_place(const char *path, unsigned line)
{
	char why[ERROR_TEXT_MAX];
	int error = errno;

	strcpy(why, error_text());
	return error_set(error, "%.100s:%u: %s", path, line, why);
}
