/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parts.c - see parts.h.
 *
 * Owns nothing, takes no lock, allocates nothing. Fails with EINVAL and a
 * sentence.
 */
#include "spec/parts.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "spec/known.h"

/* What comes before the next "|" or ">" that no backslash precedes. */
static size_t
part_length(const char *text)
{
	size_t length = 0;

	while (
	    text[length] != '\0' && text[length] != '|' && text[length] != '>')
		length += text[length] == '\\' && text[length + 1] != '\0' ? 2 :
									     1;
	return length;
}

static struct word
without_spaces(struct word word)
{
	while (word.length > 0 && word.text[0] == ' ') {
		word.text++;
		word.length--;
	}
	while (word.length > 0 && word.text[word.length - 1] == ' ')
		word.length--;
	return word;
}

/* A text of one spec is left as it is, spaces too: the parser says what is
 * wrong with them. */
int
spec_split(const char *text, struct spec_parts *parts)
{
	const char *at = text;
	size_t length = part_length(at);

	*parts = (struct spec_parts){ 1, { { at, length } }, { false } };
	if (at[length] == '\0')
		return 0;
	parts->count = 0;
	for (;; at += length + 1) {
		struct word *part = &parts->part[parts->count];

		if (parts->count == SPEC_PARTS_MAX)
			return error_set(EINVAL,
			    "\"%s\" has more than %d specs",
			    quote(word_of(text)).text, SPEC_PARTS_MAX);
		length = part_length(at);
		*part = without_spaces((struct word){ at, length });
		parts->is_next_link[parts->count++] = at != text &&
		    at[-1] == '>';
		if (part->length == 0)
			return error_set(EINVAL,
			    "a spec is missing in \"%s\": alternatives are "
			    "written A|B, a chain A > B",
			    quote(word_of(text)).text);
		if (at[length] == '\0')
			return 0;
	}
}

int
spec_parse_part(const struct spec_parts *parts, unsigned i, struct spec *spec)
{
	struct word part = parts->part[i];
	char text[SPEC_TEXT_MAX];

	if (part.length >= sizeof(text))
		return error_set(ENAMETOOLONG,
		    "the spec \"%s\" is too long: it may have %d characters",
		    quote(part).text, SPEC_TEXT_MAX - 1);
	memcpy(text, part.text, part.length);
	text[part.length] = '\0';
	return spec_parse(text, spec);
}
