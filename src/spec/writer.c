/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * writer.c - the letters and numbers of a printed spec. See writer.h.
 */
#include "spec/writer.h"

#include "base/base.h"

/* Counts what does not fit, too, and ends the text nowhere: spec_print() does.
 */
void
write_char(struct writer *to, char c)
{
	if (to->length < to->size)
		to->text[to->length] = c;
	to->length++;
}

void
write_text(struct writer *to, const char *text)
{
	while (*text != '\0')
		write_char(to, *text++);
}

/* The leading digits first, one call for each: 20 at most. */
void
write_number(struct writer *to, size_t number)
{
	if (number >= 10)
		write_number(to, number / 10);
	write_char(to, (char)('0' + number % 10));
}

/* 1024K becomes 1M, 1025K stays: no digit is ever lost. */
void
write_size(struct writer *to, size_t size)
{
	static const char units[] = "KMGT";
	size_t unit = 0;

	while (size != 0 && size % KIB == 0 && units[unit] != '\0') {
		size /= KIB;
		unit++;
	}
	write_number(to, size);
	if (unit != 0)
		write_char(to, units[unit - 1]);
}
