/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * numbers.c - numbers, sizes and switches from a whole text. See numbers.h.
 *
 * strtoull(3) is not used: it takes leading space and a minus sign, wraps "-1"
 * around to the largest number, and stops without an error where the digits
 * end.
 */
#include "support/numbers.h"

#include <errno.h>
#include <string.h>

#include "spec/spec.h"

/* Whether the text is a number comes before whether it is too large: of
 * "99999999999999999999x" the x is what is wrong. errno stays. */
int
size_read(const char *text, size_t *bytes)
{
	const char *end = text;
	size_t value;
	int saved = errno, error = 0;

	if (spec_parse_size(text, &end, &value) != 0)
		error = errno;
	errno = saved;
	if (*end != '\0')
		return EINVAL;
	if (error == 0)
		*bytes = value;
	return error;
}

/* Digits alone: a size may end in K, a number may not. An empty text passes the
 * first look, and is refused by size_read(). */
int
number_read(const char *text, uint64_t min, uint64_t max, uint64_t *number)
{
	size_t value;
	int error;

	if (text[strspn(text, "0123456789")] != '\0')
		return EINVAL;
	error = size_read(text, &value);
	if (error == 0 && (value < min || value > max))
		error = ERANGE;
	if (error == 0)
		*number = value;
	return error;
}

/* strchr(3) finds the terminating 0 as well, which is no digit. */
static int
hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = c == '\0' ? NULL : strchr(digits, c);

	return at == NULL ? -1 : (int)(at - digits) % 16;
}

int
address_read(const char *text, uintptr_t *address)
{
	uintptr_t value = 0;

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		text += 2;
	if (*text == '\0')
		return EINVAL;
	for (; *text != '\0'; text++) {
		int digit = hex_digit(*text);

		if (digit < 0)
			return EINVAL;
		if (value > UINTPTR_MAX / 16)
			return ERANGE;
		value = value * 16 + (unsigned)digit;
	}
	*address = value;
	return 0;
}

int
switch_read(const char *text, bool *on)
{
	uint64_t number;
	int error = number_read(text, 0, 1, &number);

	if (error == 0)
		*on = number == 1;
	return error;
}

/* The text goes on behind the word, so what matters is that the size ends where
 * the word does. */
bool
word_size(struct word word, size_t *size)
{
	const char *end;

	return word.length > 0 && spec_parse_size(word.text, &end, size) == 0 &&
	    end == word.text + word.length;
}

bool
word_number(struct word word, size_t max, size_t *number)
{
	return strspn(word.text, "0123456789") == word.length &&
	    word_size(word, number) && *number <= max;
}
