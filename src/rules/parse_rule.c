/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parse_rule.c - a line that is a rule: conditions, "->", names of kinds. See
 * parse.h.
 *
 * A new condition is a function and a row of the table. Owns nothing but the
 * texts of the rule that is read, which become those of struct rules.
 */
#include "rules/parse.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "rules/table.h"
#include "spec/hint.h"
#include "spec/known.h"
#include "spec/spec.h"

#define THREAD_NAME_MAX 15 /* prctl(2): without NUL */

/* Text of a word that has to end with NUL, for as long as a line is read. */
struct text {
	char text[RULES_LINE_MAX + 1];
};

static struct text
text_of(struct word word)
{
	struct text copy;

	memcpy(copy.text, word.text, word.length);
	copy.text[word.length] = '\0';
	return copy;
}

/* ---- size LOW..HIGH ------------------------------------------------------ */

static int
no_size(struct line *line, struct word word)
{
	struct hint hint = hint_size(word);

	return hint.text[0] != '\0' ?
	    rules_fail(line->rules, line->number,
		"\"%s\" is not a size: write %s", quote(word).text, hint.text) :
	    rules_fail(line->rules, line->number,
		"\"%s\" is not a size: digits and K, M, G or T make one",
		quote(word).text);
}

static int
take_end(struct line *line, struct word word, size_t *size)
{
	struct text text = text_of(word);
	const char *end;

	if (spec_parse_size(text.text, &end, size) == 0 && *end == '\0')
		return 0;
	if (errno == ERANGE && *end == '\0')
		return rules_fail(line->rules, line->number,
		    "\"%s\" is too large a size", quote(word).text);
	return no_size(line, word);
}

static int
no_range(struct line *line, struct word word)
{
	struct text text = text_of(word);
	const char *end;
	size_t size;

	if (spec_parse_size(text.text, &end, &size) == 0 && *end == '\0')
		return rules_fail(line->rules, line->number,
		    "\"%s\" is one size: write %s..%s for it alone, or %s.. "
		    "for it and all that are larger",
		    quote(word).text, quote(word).text, quote(word).text,
		    quote(word).text);
	return rules_fail(line->rules, line->number,
	    "\"%s\" is not a range of sizes: write LOW..HIGH, like 64..4K, "
	    "1M.. "
	    "or ..256",
	    quote(word).text);
}

static int
take_size(struct line *line, struct word word, struct rule *rule)
{
	const char *dots = memmem(word.text, word.length, "..", 2);
	struct word low, high;

	if (dots == NULL)
		return no_range(line, word);
	low = (struct word){ word.text, (size_t)(dots - word.text) };
	high = (struct word){ dots + 2, word.length - low.length - 2 };
	if (low.length == 0 && high.length == 0)
		return rules_fail(line->rules, line->number,
		    "\"..\" has no size on either side: \"else\" is for all "
		    "sizes");
	if (low.length > 0 && take_end(line, low, &rule->low) != 0)
		return -1;
	if (high.length > 0 && take_end(line, high, &rule->high) != 0)
		return -1;
	if (rule->low > rule->high)
		return rules_fail(line->rules, line->number,
		    "no size is in \"%s\": the smaller one comes first",
		    quote(word).text);
	return 0;
}

/* ---- site FILE:LINE, site MODULE+0xOFFSET -------------------------------- */

/* Takes digits of BASE up to the end of TEXT. */
static bool
take_number(const char *text, unsigned base, uint64_t *number)
{
	static const char digits[] = "0123456789abcdef";

	*number = 0;
	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		char c = *text >= 'A' && *text <= 'F' ?
		    (char)(*text - 'A' + 'a') :
		    *text;
		const char *digit = strchr(digits, c);

		if (digit == NULL || digit >= digits + base ||
		    __builtin_mul_overflow(*number, base, number) ||
		    __builtin_add_overflow(
			*number, (uint64_t)(digit - digits), number))
			return false;
	}
	return true;
}

static int
set_place(struct rule *rule, enum rules_where where, struct word place)
{
	rule->where = where;
	rule->place = rules_copy(place);
	return rule->place != NULL ? 0 : -1;
}

/* Takes MODULE+0xOFFSET, which TEXT is if it returns true. */
static bool
take_offset(const char *text, struct word *module, uint64_t *offset)
{
	const char *plus = strrchr(text, '+');

	if (plus == NULL || plus == text || plus[1] != '0' ||
	    (plus[2] != 'x' && plus[2] != 'X') ||
	    !take_number(plus + 3, 16, offset))
		return false;
	*module = (struct word){ text, (size_t)(plus - text) };
	return true;
}

static int
no_offset(
    struct line *line, struct word word, const char *what, uint64_t offset)
{
	return rules_fail(line->rules, line->number,
	    "\"%s\" is no %s: an offset begins with 0x, write +0x%llx",
	    quote(word).text, what, (unsigned long long)offset);
}

static int
no_site(struct line *line, struct word word, const char *plus)
{
	uint64_t offset;

	if (plus != NULL && take_number(plus + 1, 16, &offset))
		return no_offset(line, word, "site", offset);
	return rules_fail(line->rules, line->number,
	    "\"%s\" is no site: write FILE:LINE, like solver.c:120, or "
	    "MODULE+0xOFFSET, like libfft.so+0x1f3c0",
	    quote(word).text);
}

static int
take_site(struct line *line, struct word word, struct rule *rule)
{
	struct text text = text_of(word);
	const char *colon = strrchr(text.text, ':');
	struct word module;

	if (colon != NULL && colon != text.text &&
	    take_number(colon + 1, 10, &rule->number) && rule->number > 0 &&
	    rule->number <= INT32_MAX)
		return set_place(rule, RULES_AT_LINE,
		    (struct word){ text.text, (size_t)(colon - text.text) });
	if (take_offset(text.text, &module, &rule->number))
		return set_place(rule, RULES_AT_OFFSET, module);
	return no_site(line, word, strrchr(text.text, '+'));
}

/* ---- function NAME, function MODULE+0xOFFSET, thread GLOB ---------------- */

static bool
ends_with(struct word word, const char *end)
{
	size_t length = strlen(end);

	return word.length >= length &&
	    memcmp(word.text + word.length - length, end, length) == 0;
}

/* An offset without 0x: no name has digits behind a "+". */
static bool
lacks_0x(const char *text, uint64_t *offset)
{
	const char *plus = strrchr(text, '+');

	return plus != NULL && plus != text && plus[1] >= '0' &&
	    plus[1] <= '9' && strchr(text, '<') == NULL &&
	    take_number(plus + 1, 16, offset);
}

static int
take_function(struct line *line, struct word word, struct rule *rule)
{
	const char *open = memrchr(word.text, '(', word.length);
	struct text text = text_of(word);
	struct word module;
	uint64_t offset;

	if (!RULES_CAN_WALK)
		return rules_fail(line->rules, line->number,
		    "\"function\" cannot be had on this processor: stacks are "
		    "walked on x86-64 and AArch64 alone");
	if (take_offset(text.text, &module, &rule->number))
		return set_place(rule, RULES_ON_STACK, module);
	if (lacks_0x(text.text, &offset))
		return no_offset(line, word, "function", offset);
	if (strstr(text.text, "+0x") != NULL)
		return rules_fail(line->rules, line->number,
		    "\"%s\" is no function: write NAME, or MODULE+0xOFFSET, "
		    "like libfft.so+0x1f3c0",
		    quote(word).text);
	if (open != NULL && ends_with(word, ")") &&
	    !ends_with(word, "operator()")) {
		struct word name = { word.text, (size_t)(open - word.text) };

		return rules_fail(line->rules, line->number,
		    "\"%s\" has arguments: a function is named without them, "
		    "\"%s\"",
		    quote(word).text, quote(name).text);
	}
	return set_place(rule, RULES_IN_FUNCTION, word);
}

static int
take_thread(struct line *line, struct word word, struct rule *rule)
{
	struct text text = text_of(word);

	if (strpbrk(text.text, "*?[\\") == NULL &&
	    word.length > THREAD_NAME_MAX)
		return rules_fail(line->rules, line->number,
		    "no thread is called \"%s\": a name has at most %d "
		    "characters",
		    quote(word).text, THREAD_NAME_MAX);
	rule->thread = rules_copy(word);
	return rule->thread != NULL ? 0 : -1;
}

/* ---- The line ------------------------------------------------------------ */

#define WHERE 4

static const struct condition {
	const char *word;
	int (*take)(struct line *line, struct word word, struct rule *rule);
	const char *form;
	unsigned bit; /* of a rule's conditions only one has it */
} conditions[] = {
	{ "size", take_size, "LOW..HIGH, like 1M..", 1 },
	{ "site", take_site, "FILE:LINE or MODULE+0xOFFSET", WHERE },
	{ "function", take_function, "NAME or MODULE+0xOFFSET", WHERE },
	{ "thread", take_thread, "PATTERN, like io-*", 2 },
};

static const struct condition *
find_condition(struct word word)
{
	for (size_t i = 0; i < ARRAY_SIZE(conditions); i++)
		if (word_is(word, conditions[i].word))
			return &conditions[i];
	return NULL;
}

/* At the beginning of a line "kind" and "else" are valid, too; behind a
 * condition "->" is. */
static int
unknown_word(struct line *line, struct word word, bool is_first)
{
	struct known known = { .count = 0 };

	if (is_first)
		known_add(&known, "kind");
	for (size_t i = 0; i < ARRAY_SIZE(conditions); i++)
		known_add(&known, conditions[i].word);
	known_add(&known, is_first ? "else" : "->");
	line->rules->line = line->number;
	return known_fail(&known, "word", word, "");
}

/* Whether "->" is a part of the word, for want of a blank; the operator of that
 * name is a function. */
static bool
has_arrow(struct word word)
{
	static const char name[] = "operator";
	static const size_t length = sizeof(name) - 1;
	const char *arrow = memmem(word.text, word.length, "->", 2);

	return arrow != NULL &&
	    ((size_t)(arrow - word.text) < length ||
		memcmp(arrow - length, name, length) != 0);
}

static int
take_condition(
    struct line *line, struct word word, struct rule *rule, unsigned *seen)
{
	const struct condition *condition = find_condition(word);
	struct word value;

	if (condition == NULL)
		return unknown_word(line, word, *seen == 0);
	if ((*seen & condition->bit) != 0)
		return rules_fail(line->rules, line->number,
		    condition->bit == WHERE ?
			"\"%s\" behind another: a rule has one site or one "
			"function" :
			"\"%s\" behind another: a rule has one",
		    condition->word);
	*seen |= condition->bit;
	if (line_word(line, &value) != 0)
		return -1;
	if (value.length == 0 || (!line->is_quoted && word_is(value, "->")))
		return rules_fail(line->rules, line->number,
		    "\"%s\" of what? Write %s %s", condition->word,
		    condition->word, condition->form);
	if (!line->is_quoted && has_arrow(value))
		return rules_fail(line->rules, line->number,
		    "a blank is missing before \"->\" in \"%s\"",
		    quote(value).text);
	return condition->take(line, value, rule);
}

/* Takes what stands before "->", and that. */
static int
take_conditions(struct line *line, struct rule *rule)
{
	bool is_else = false;
	unsigned seen = 0;
	struct word word;

	for (;;) {
		if (line_word(line, &word) != 0)
			return -1;
		if (word.length == 0 && !line->is_quoted)
			return rules_fail(line->rules, line->number,
			    "\"->\" and the kinds are missing at the end");
		if (!line->is_quoted && word.length > 1 &&
		    memcmp(word.text, "->", 2) == 0)
			break;
		if (is_else)
			return rules_fail(line->rules, line->number,
			    "\"%s\" behind \"else\", which has no condition: "
			    "write else -> KINDS",
			    quote(word).text);
		is_else = seen == 0 && word_is(word, "else");
		if (!is_else && take_condition(line, word, rule, &seen) != 0)
			return -1;
	}
	line->at = word.text + 2;
	if (seen == 0 && !is_else)
		return rules_fail(line->rules, line->number,
		    "\"->\" without a condition before it: \"else\" is for all "
		    "requests");
	return 0;
}

static int
take_rule(struct line *line, struct rule *rule)
{
	struct word list;

	if (take_conditions(line, rule) != 0)
		return -1;
	list = line_rest(line);
	if (list.length == 0)
		return rules_fail(
		    line->rules, line->number, "no kind behind \"->\"");
	rule->list = rules_copy(list);
	rule->text = rules_copy(
	    word_of(line->text + strspn(line->text, LINE_BLANKS)));
	return rule->list != NULL && rule->text != NULL ? 0 : -1;
}

/* Behind "else" a rule is read for its errors, and not kept. */
int
parse_rule(struct line *line)
{
	struct rules *rules = line->rules;
	struct rule rule = { .high = SIZE_MAX, .line = line->number };

	if (take_rule(line, &rule) != 0) {
		rule_free(&rule);
		return -1;
	}
	if (rules->else_line != 0) {
		rules_warn(rules, line->number,
		    "this rule is never reached: \"else\" of line %u is before "
		    "it",
		    rules->else_line);
		rule_free(&rule);
		return 0;
	}
	if (rules_is_else(&rule))
		rules->else_line = line->number;
	return rules_add(rules, &rule);
}
