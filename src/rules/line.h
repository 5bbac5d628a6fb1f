/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * line.h - a line of rules while it is read.
 *
 * Owns nothing: the line's text is its caller's. Called by parse.c and
 * parse_rule.c. No locks; fails as rules.h says.
 */
#ifndef RULES_LINE_H
#define RULES_LINE_H

#include "rules/rules.h"

#define LINE_BLANKS " \t"

struct line {
	struct rules *rules;
	unsigned number;
	const char *text; /* without comment and blanks at its end */
	const char *at;   /* what is not yet read of it */
	bool is_quoted;   /* the word that was taken last */
};

bool line_is_blank(char c);
void line_skip_blanks(struct line *line);

/* Takes the next word, without its quotes where it has some; at the end of the
 * line an empty one. */
int line_word(struct line *line, struct word *word);

/* Takes all that is left. */
struct word line_rest(struct line *line);

#endif /* RULES_LINE_H */
