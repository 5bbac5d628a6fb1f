/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parse.c - the text of rules, as poolkind-rules(5) has it: its lines, and
 * those that make kinds.
 *
 * A line is looked at for bytes that no text has, and that of a rule is copied
 * before it is read, so that it ends with NUL: what is behind it may be of any
 * length and content. The first error ends the reading. Owns nothing but what
 * struct rules does; see rules.h.
 */
#include "rules/parse.h"

#include <string.h>

#include "spec/known.h"
#include "spec/named.h"
#include "spec/spec.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

/* ---- kind NAME = TEXT ---------------------------------------------------- */

/* Its form is that of all files with such lines (spec/named.h). */
static int
take_kind(struct rules *rules, unsigned number, struct word line)
{
	struct named_kind kind;

	rules->line = number;
	if (named_read(line, &kind) != 0)
		return -1;
	for (unsigned i = 0; i < rules->kind_count; i++)
		if (rules->kinds[i].line != 0 &&
		    word_is(kind.name, rules->kinds[i].name))
			return named_twice(kind.name, rules->kinds[i].line);
	return rules_add_kind(rules, kind.name, kind.text, number);
}

/* ---- Lines --------------------------------------------------------------- */

/* Ends the line where a comment begins: at a "#" that begins a word, outside of
 * quotes; and takes the blanks at its end away. */
static void
cut_comment(char *text)
{
	bool in_quotes = false;
	size_t length = 0;

	for (; text[length] != '\0'; length++) {
		bool begins = length == 0 || line_is_blank(text[length - 1]);

		if (text[length] == '#' && begins && !in_quotes)
			break;
		if (text[length] == '"' && (begins || in_quotes))
			in_quotes = !in_quotes;
	}
	while (length > 0 && line_is_blank(text[length - 1]))
		length--;
	text[length] = '\0';
}

/* Lines may end as DOS has them. */
static int
check_bytes(struct rules *rules, unsigned number, struct word text)
{
	for (size_t i = 0; i < text.length; i++) {
		unsigned char c = (unsigned char)text.text[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return rules_fail(rules, number,
			    "byte 0x%02x in column %zu: rules are lines of "
			    "text",
			    c, i + 1);
	}
	return 0;
}

static int
take_rule(struct rules *rules, unsigned number, struct word text)
{
	char copy[RULES_LINE_MAX + 1];
	struct line line = { rules, number, copy, copy, false };

	memcpy(copy, text.text, text.length);
	copy[text.length] = '\0';
	cut_comment(copy);
	line_skip_blanks(&line);
	return *line.at == '\0' ? 0 : parse_rule(&line);
}

static int
read_line(struct rules *rules, unsigned number, struct word text)
{
	struct word stripped, rest;

	if (text.length > 0 && text.text[text.length - 1] == '\r')
		text.length--;
	if (text.length > RULES_LINE_MAX)
		return rules_fail(rules, number,
		    "a line may have %zu characters: this one has more",
		    RULES_LINE_MAX);
	if (check_bytes(rules, number, text) != 0)
		return -1;
	stripped = rest = named_strip(text);
	return word_is(named_take(&rest), NAMED_WORD) ?
	    take_kind(rules, number, stripped) :
	    take_rule(rules, number, text);
}

int
rules_parse(struct rules *rules, const char *text, size_t length)
{
	static const size_t mark = sizeof(BYTE_ORDER_MARK) - 1;
	struct word rest = { text, length }, line;

	rules->line = 0;
	if (length >= mark && memcmp(text, BYTE_ORDER_MARK, mark) == 0)
		rest = (struct word){ text + mark, length - mark };
	for (unsigned number = 1; word_next(&rest, '\n', &line); number++)
		if (read_line(rules, number, line) != 0)
			return -1;
	return 0;
}
