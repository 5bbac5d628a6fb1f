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
#include "spec/nearest.h"

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

/* A word that is too long to be quoted whole has none. */
const char *
known_nearest(const struct known *known, struct word word)
{
	struct nearest nearest = nearest_to(word);

	for (size_t i = 0; i < known->count && word.length <= QUOTE_MAX; i++)
		nearest_offer(&nearest, word_of(known->words[i]));
	return nearest.found.text;
}

/* The list of known words comes last: where the sentence is too long for its
 * buffer it is cut there. */
int
known_fail(const struct known *known, const char *what, struct word word,
    const char *hint)
{
	const char *near = hint[0] != '\0' ? hint : known_nearest(known, word);

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

	return chosen >= 0 ? chosen : known_fail(known, what, word, "");
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

struct quote_text
quote(struct word word)
{
	size_t length = min_size(word.length, QUOTE_MAX);
	struct quote_text quoted;

	memcpy(quoted.text, word.text, length);
	strcpy(quoted.text + length, word.length > QUOTE_MAX ? "..." : "");
	return quoted;
}
