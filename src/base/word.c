/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * word.c - parts of a text. See word.h.
 */
#include "base/word.h"

#include <string.h>

struct word
word_of(const char *text)
{
	return (struct word){ text, strlen(text) };
}

struct word
word_until(const char *text, const char *stops)
{
	return (struct word){ text, strcspn(text, stops) };
}

/* REST is without text once its last word was taken, which may be empty: so
 * "a," has two words, and a text without a separator has one. */
bool
word_next(struct word *rest, char separator, struct word *first)
{
	const char *end;

	if (rest->text == NULL)
		return false;
	*first = *rest;
	end = memchr(rest->text, separator, rest->length);
	if (end == NULL) {
		rest->text = NULL;
		return true;
	}
	first->length = (size_t)(end - rest->text);
	rest->text = end + 1;
	rest->length -= first->length + 1;
	return true;
}

/* A word may have any bytes, and no set has a NUL, which strchr(3) finds. */
static bool
is_in(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

struct word
word_trim(struct word word, const char *blanks)
{
	while (word.length > 0 && is_in(word.text[0], blanks)) {
		word.text++;
		word.length--;
	}
	while (word.length > 0 && is_in(word.text[word.length - 1], blanks))
		word.length--;
	return word;
}

bool
word_is(struct word word, const char *text)
{
	return strlen(text) == word.length &&
	    memcmp(text, word.text, word.length) == 0;
}
