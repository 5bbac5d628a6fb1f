/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * size.c - the one parser of sizes: of specs, of every variable of the facades,
 * and of the numbers in them.
 *
 * Owns nothing, takes no lock, allocates nothing. Fails by errno alone and sets
 * no sentence, since its callers know what the size was for.
 */
#include <errno.h>

#include "spec/spec.h"

/* How many powers of 1024 the letter C stands for; 0 if for none. */
static unsigned
unit_of(char c)
{
	switch (c) {
	case 'k':
	case 'K':
		return 1;
	case 'm':
	case 'M':
		return 2;
	case 'g':
	case 'G':
		return 3;
	case 't':
	case 'T':
		return 4;
	default:
		return 0;
	}
}

/* Takes the digits from *TEXT into *VALUE; true if it overflowed. All of them
 * are taken in any case: the caller reports where the number ends. */
static bool
take_digits(const char **text, size_t *value)
{
	bool too_large = false;

	*value = 0;
	for (; **text >= '0' && **text <= '9'; (*text)++) {
		size_t digit = (size_t)(**text - '0');

		too_large |= __builtin_mul_overflow(*value, (size_t)10, value);
		too_large |= __builtin_add_overflow(*value, digit, value);
	}
	return too_large;
}

int
spec_parse_size(const char *text, const char **end, size_t *size)
{
	const char *from = text;
	size_t value;
	bool too_large = take_digits(&text, &value);
	bool is_number = text != from;
	unsigned unit = is_number ? unit_of(*text) : 0;

	text += unit != 0;
	too_large |= __builtin_mul_overflow(
	    value, (size_t)1 << 10 * unit, &value);
	if (end != NULL)
		*end = text;
	if (is_number && !too_large) {
		*size = value;
		return 0;
	}
	errno = is_number ? ERANGE : EINVAL;
	return -1;
}
