/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * source_path.c - see source_path.h.
 */
#include "rules/source_path.h"

#include <stddef.h>
#include <string.h>

#include "base/word.h"

/* What is left of a path, and how many components before it ".." takes. */
struct rest {
	struct word path;
	unsigned skip;
};

/* Takes the last component as it is written: "" where none is left. */
static struct word
take_written(struct word *path)
{
	struct word last;

	while (path->length > 0 && path->text[path->length - 1] == '/')
		path->length--;
	last = *path;
	while (path->length > 0 && path->text[path->length - 1] != '/')
		path->length--;
	last.text += path->length;
	last.length -= path->length;
	return last;
}

/* The same as it is meant. A ".." that nothing is before stays. */
static struct word
take_last(struct rest *rest)
{
	for (;;) {
		struct word last = take_written(&rest->path);

		if (last.length == 0 && rest->skip > 0) {
			rest->skip--;
			return word_of("..");
		}
		if (word_is(last, "."))
			continue;
		if (word_is(last, ".."))
			rest->skip++;
		else if (rest->skip == 0 || last.length == 0)
			return last;
		else
			rest->skip--;
	}
}

bool
source_path_is(const char *path, const char *asked)
{
	struct rest rest = { word_of(path), 0 }, wanted = { word_of(asked), 0 };

	for (;;) {
		struct word mine = take_last(&rest);
		struct word theirs = take_last(&wanted);

		if (theirs.length == 0)
			return asked[0] != '/' || mine.length == 0;
		if (mine.length != theirs.length ||
		    memcmp(mine.text, theirs.text, mine.length) != 0)
			return false;
	}
}

const char *
source_path_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}
