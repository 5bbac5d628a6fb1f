/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * words.h - parts of a text, without copying it.
 *
 * Owns nothing: a word lives as long as its text. Allocates nothing, takes no
 * lock.
 */
#ifndef SUPPORT_WORDS_H
#define SUPPORT_WORDS_H

#include <stdbool.h>
#include <stddef.h>

struct word {
	const char *text; /* NULL: no word at all */
	size_t length;
};

/* For the format "%.*s". */
#define WORD(word) (int)(word).length, (word).text

struct word word_of(const char *text);

/* Takes from REST what stands before the next SEPARATOR, or all of it. False
 * when nothing is left; behind a last SEPARATOR an empty word is. */
bool word_next(struct word *rest, char separator, struct word *first);

bool word_is(struct word word, const char *text);

/* A whole number up to MOST, and a size: a number with or without K, M or G. */
bool word_number(struct word word, size_t most, size_t *number);
bool word_size(struct word word, size_t *size);

#endif /* SUPPORT_WORDS_H */
