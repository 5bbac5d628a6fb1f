/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * writer.h - where the printer of a spec puts its text.
 *
 * Owns nothing: the text is its caller's. A text that does not fit is cut, but
 * its length is counted to the end, as snprintf(3) does, which is not used
 * since a path may be longer than anything else. Cannot fail.
 */
#ifndef SPEC_WRITER_H
#define SPEC_WRITER_H

#include <stddef.h>

struct writer {
	char *text;
	size_t size;
	size_t length; /* of the whole text, also of what was cut off */
};

void write_char(struct writer *to, char c);
void write_text(struct writer *to, const char *text);
void write_number(struct writer *to, size_t number);

/* In the largest unit that is exact: what spec_parse_size() reads back. */
void write_size(struct writer *to, size_t size);

#endif /* SPEC_WRITER_H */
