/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * known.c - valid words, and the nearest to one that is not. See known.h.
 *
 * Owns nothing, takes no lock, allocates nothing: lists and rows are on the
 * stack, with bounds that every word of the tables keeps (invariant()). Nothing
 * here fails but to say that a word is unknown.
 */
#include "spec/known.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"

/* The longest known word has 19 letters ("weighted-interleave"). */
#define KNOWN_LENGTH_MAX 23

void
known_add(struct known *known, const char *word)
{
	invariant(known->count < KNOWN_COUNT_MAX);
	invariant(strlen(word) <= KNOWN_LENGTH_MAX);
	known->words[known->count++] = word;
}

struct known
known_of(const char *const *words, size_t count)
{
	struct known known = { .count = 0 };

	for (size_t i = 0; i < count; i++)
		known_add(&known, words[i]);
	return known;
}

int
known_find(const struct known *known, struct word word)
{
	for (size_t i = 0; i < known->count; i++)
		if (word_is(word, known->words[i]))
			return (int)i;
	return -1;
}

/* tolower(3) asks the locale of the program. */
static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/*
 * The edit distance (Levenshtein): how many letters have to be changed, added
 * or left out to make WORD into KNOWN, case aside. Of the table whose element
 * (i, j) is the distance between the first i letters of WORD and the first j of
 * KNOWN only one row is kept: while row i is made, row[j] still has row i - 1
 * where j is ahead, and `corner` holds the element up and to the left.
 */
static size_t
distance(struct word word, const char *known)
{
	size_t row[KNOWN_LENGTH_MAX + 1], columns = strlen(known);
	size_t corner, above;

	for (size_t j = 0; j <= columns; j++)
		row[j] = j;
	for (size_t i = 1; i <= word.length; i++) {
		corner = row[0];
		row[0] = i;
		for (size_t j = 1; j <= columns; j++) {
			bool same = lower(word.text[i - 1]) ==
			    lower(known[j - 1]);

			above = row[j];
			row[j] = min_size(
			    min_size(above, row[j - 1]) + 1, corner + !same);
			corner = above;
		}
	}
	return row[columns];
}

/*
 * The word to suggest for WORD, or NULL: the nearest known word, if less than
 * half of its letters would have to change. So "popluate" becomes "populate",
 * and "hugepages" becomes nothing: a suggestion out of the blue is worse than
 * none. In words of one or two letters ("4K") one letter may be wrong, or they
 * were never suggested. Of two that are equally near the first in the table is
 * taken. A word that is too long to be quoted whole is not compared, as that
 * would take time in proportion to whatever text was passed.
 */
static const char *
nearest(const struct known *known, struct word word)
{
	const char *nearest = NULL;
	size_t least = SIZE_MAX;

	for (size_t i = 0; i < known->count && word.length <= QUOTE_MAX; i++) {
		const char *one = known->words[i];
		size_t far = distance(word, one);

		if (far < least && far * 2 < max_size(strlen(one), 3)) {
			least = far;
			nearest = one;
		}
	}
	return nearest;
}

/* The list of known words comes last: where the sentence is too long for its
 * buffer it is cut there. */
int
known_fail(const struct known *known, const char *what, struct word word)
{
	const char *near = nearest(known, word);

	if (near == NULL)
		return error_set(EINVAL, "unknown %s \"%s\" (known: %s)", what,
		    quote(word).text, known_list(known).text);
	return error_set(EINVAL,
	    "unknown %s \"%s\": did you mean \"%s\"? (known: %s)", what,
	    quote(word).text, near, known_list(known).text);
}

int
known_choose(const struct known *known, const char *what, struct word word)
{
	int chosen = known_find(known, word);

	return chosen >= 0 ? chosen : known_fail(known, what, word);
}

/* Returned by value, so that it lives as long as the call it is an argument of.
 * The longest list that the tables have fits. */
struct known_text
known_list(const struct known *known)
{
	struct known_text list = { "" };

	for (size_t i = 0; i < known->count; i++) {
		if (i != 0)
			strcat(list.text, ", ");
		strcat(list.text, known->words[i]);
	}
	invariant(strlen(list.text) < sizeof(list.text));
	return list;
}

struct quote
quote(struct word word)
{
	size_t length = min_size(word.length, QUOTE_MAX);
	struct quote quoted;

	memcpy(quoted.text, word.text, length);
	strcpy(quoted.text + length, word.length > QUOTE_MAX ? "..." : "");
	return quoted;
}
