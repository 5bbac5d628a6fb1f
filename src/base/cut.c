/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cut.c - a text as a sentence has room for it. See cut.h.
 *
 * Owns nothing, takes no lock, allocates nothing, cannot fail.
 */
#include "base/cut.h"

#include <string.h>

#include "base/base.h"

/* In UTF-8 all bytes of a character but the first have these bits. */
static bool
goes_on(char c)
{
	return (c & 0xc0) == 0x80;
}

struct cut_text
cut(const char *text, size_t most)
{
	size_t length = strnlen(text, most + 1), kept = length;
	struct cut_text cut;

	invariant(most <= CUT_MAX);
	if (length > most)
		kept = most;
	while (kept < length && kept > 0 && goes_on(text[kept]))
		kept--;
	memcpy(cut.text, text, kept);
	strcpy(cut.text + kept, length > most ? "..." : "");
	return cut;
}
