/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hint_size.c - what is meant by a size that is not one. See hint.h.
 *
 * Owns nothing, takes no lock, allocates nothing, cannot fail: what cannot be
 * guessed is an empty hint.
 */
#include <string.h>

#include "base/base.h"
#include "spec/hint.h"
#include "spec/writer.h"

/* Takes the digits behind a point from *AT, as thousandths. */
static size_t
take_thousandths(const char **at, const char *end)
{
	size_t value = 0, weight = 100;

	for (; *at < end && **at >= '0' && **at <= '9'; (*at)++) {
		value += (size_t)(**at - '0') * weight;
		weight /= 10;
	}
	return value;
}

/* The power of 1024 that the unit at *AT stands for, which is taken with what
 * people write behind it: "i", "B", "iB", "bytes". */
static unsigned
take_unit(const char **at, const char *end)
{
	static const char units[] = "kmgtKMGT";
	static const char *const tails[] = { "iB", "ib", "i", "bytes", "Byte",
		"B", "b" };
	const char *unit = *at < end ? strchr(units, **at) : NULL;

	*at += unit != NULL;
	for (size_t i = 0; i < ARRAY_SIZE(tails); i++)
		if ((size_t)(end - *at) == strlen(tails[i]) &&
		    strncmp(*at, tails[i], strlen(tails[i])) == 0)
			*at = end;
	return unit == NULL ? 0 : (unsigned)((unit - units) % 4 + 1);
}

/* A number, a point and digits or not, a unit: a fraction of a unit is written
 * in the next smaller one, which it is rounded down to. */
struct hint
hint_size(struct word value)
{
	const char *at = value.text, *end = at + value.length, *first;
	struct hint hint = { "" };
	struct writer to = { hint.text, HINT_MAX, 0 };
	size_t whole = 0, bytes, thousandths = 0;
	unsigned unit;

	at += at < end && *at == ' ';
	first = at;
	for (; at < end && *at >= '0' && *at <= '9' && whole < SIZE_MAX / 16;
	     at++)
		whole = whole * 10 + (size_t)(*at - '0');
	if (at == first)
		return hint;
	if (at < end && *at == '.') {
		at++;
		thousandths = take_thousandths(&at, end);
	}
	at += at < end && *at == ' ';
	unit = take_unit(&at, end);
	if (at != end || (unit == 0 && thousandths != 0) ||
	    __builtin_mul_overflow(whole, (size_t)1 << 10 * unit, &bytes))
		return hint;
	if (unit > 0)
		bytes += (thousandths << 10) / 1000 << 10 * (unit - 1);
	if (bytes != 0)
		write_size(&to, bytes);
	return hint;
}
