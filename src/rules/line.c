/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * line.c - the words of a line of rules. See line.h.
 */
#include "rules/line.h"

#include <string.h>

#include "spec/known.h"

bool
line_is_blank(char c)
{
	return c != '\0' && strchr(LINE_BLANKS, c) != NULL;
}

void
line_skip_blanks(struct line *line)
{
	line->at += strspn(line->at, LINE_BLANKS);
}

/* A quoted word may have blanks in it, and "#" at its beginning. */
static int
take_quoted(struct line *line, struct word *word)
{
	const char *end = strchr(line->at + 1, '"');

	if (end == NULL)
		return rules_fail(line->rules, line->number,
		    "%s has a quote at its beginning alone: the other is "
		    "missing",
		    quote(word_of(line->at)).text);
	if (end[1] != '\0' && !line_is_blank(end[1]))
		return rules_fail(line->rules, line->number,
		    "no blank behind the quotes of %s",
		    quote(word_of(line->at)).text);
	*word = (struct word){ line->at + 1, (size_t)(end - line->at) - 1 };
	line->at = end + 1;
	line->is_quoted = true;
	return 0;
}

int
line_word(struct line *line, struct word *word)
{
	line_skip_blanks(line);
	line->is_quoted = false;
	if (*line->at == '"')
		return take_quoted(line, word);
	*word = word_until(line->at, LINE_BLANKS);
	line->at += word->length;
	return 0;
}

struct word
line_rest(struct line *line)
{
	struct word rest;

	line_skip_blanks(line);
	rest = word_of(line->at);
	line->at += rest.length;
	return rest;
}
