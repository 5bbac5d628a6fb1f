/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cut.h - a text as a sentence has room for it.
 *
 * Owns nothing: what is cut is a value. Called by who makes sentences.
 * Allocates nothing, takes no lock, cannot fail.
 */
#ifndef BASE_CUT_H
#define BASE_CUT_H

#include <stddef.h>

#define CUT_MAX 160
struct cut_text {
	char text[CUT_MAX + sizeof("...")];
};

/* TEXT, or of one longer than MOST bytes the beginning and "...": whole
 * characters of UTF-8. MOST is CUT_MAX at most. Returned by value, so that a
 * sentence can have several. */
struct cut_text cut(const char *text, size_t most);

#endif /* BASE_CUT_H */
