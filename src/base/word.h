/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * word.h - parts of a text, without copying it.
 *
 * Owns nothing: a word lives as long as its text. Called by the parsers of
 * spec/, support/ and the facades. Allocates nothing, takes no lock.
 */
#ifndef BASE_WORD_H
#define BASE_WORD_H

#include <stdbool.h>
#include <stddef.h>

struct word {
	const char *text; /* not terminated; NULL: no word at all */
	size_t length;
};

/* For the format "%.*s". */
#define WORD(word) (int)(word).length, (word).text

/* All of TEXT, and what of it comes before the first character of STOPS. */
struct word word_of(const char *text);
struct word word_until(const char *text, const char *stops);

/* Takes from REST what stands before the next SEPARATOR, or all of it. False
 * when nothing is left; behind a last SEPARATOR an empty word is. */
bool word_next(struct word *rest, char separator, struct word *first);

/* WORD without the characters of BLANKS at its ends. */
struct word word_trim(struct word word, const char *blanks);

bool word_is(struct word word, const char *text);

#endif /* BASE_WORD_H */
