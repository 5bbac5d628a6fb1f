/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * words.c - parts of a text. See words.h.
 */
#include "support/words.h"

#include <string.h>

#include "spec/spec.h"

struct word
word_of(const char *text)
{
	return (struct word){ text, strlen(text) };
}

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

bool
word_is(struct word word, const char *text)
{
	return strlen(text) == word.length &&
	    memcmp(text, word.text, word.length) == 0;
}

bool
word_size(struct word word, size_t *size)
{
	const char *end;

	return word.length > 0 && spec_parse_size(word.text, &end, size) == 0 &&
	    end == word.text + word.length;
}

bool
word_number(struct word word, size_t most, size_t *number)
{
	return strspn(word.text, "0123456789") == word.length &&
	    word_size(word, number) && *number <= most;
}
