/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * utf8.h - the characters of a text that may have any bytes.
 *
 * Owns nothing, takes no lock, cannot fail.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>

/* The bytes of the character of UTF-8 that TEXT begins with, 0 if it begins
 * with none: overlong forms, surrogates and what is above U+10FFFF are none.
 * TEXT ends in a zero, which is a character of one byte. */
static inline size_t
utf8_bytes(const unsigned char *text)
{
	unsigned char first = text[0];
	size_t bytes = first < 0x80 ? 1 :
	    first < 0xc2            ? 0 :
	    first < 0xe0            ? 2 :
	    first < 0xf0            ? 3 :
	    first < 0xf5            ? 4 :
				      0;

	for (size_t i = 1; i < bytes; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	if ((first == 0xe0 && text[1] < 0xa0) ||
	    (first == 0xed && text[1] >= 0xa0) ||
	    (first == 0xf0 && text[1] < 0x90) ||
	    (first == 0xf4 && text[1] >= 0x90))
		return 0;
	return bytes;
}

#endif /* BASE_UTF8_H */
