/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * error.c - how a sentence is formatted that explains a failure. See error.h.
 *
 * Owns nothing. Takes no lock, never allocates, cannot fail.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "base/error.h"

#if !defined(HAVE_STRERRORDESC_NP) && defined(__GLIBC__)
#if __GLIBC_PREREQ(2, 32)
#define HAVE_STRERRORDESC_NP 1
#endif
#endif

/* Cuts the sentence, which "..." marks then, rather than the meaning, which
 * comes last and says what went wrong. A path in it may have line ends or
 * escape sequences, made by whoever named a file: on a terminal or in a log
 * they must not act, hence the "?". */
void
error_format(
    char *sentence, size_t size, int meaning, const char *format, va_list args)
{
	const char *name = meaning != 0 ? error_name(meaning) : "";
	const char *colon = meaning != 0 ? ": " : "";
	size_t behind = strlen(colon) + min_size(strlen(name), size / 2);
	size_t length, room = size - behind;

	if ((size_t)vsnprintf(sentence, room, format, args) >= room)
		strcpy(sentence + room - sizeof("..."), "...");
	length = strlen(sentence);
	snprintf(sentence + length, size - length, "%s%s", colon, name);
	for (; *sentence != '\0'; sentence++)
		if ((unsigned char)*sentence < ' ')
			*sentence = '?';
}

/* strerror(3) may translate, and to translate it may allocate; a libc without
 * strerrordesc_np(3) keeps its texts in one language. */
const char *
error_name(int errnum)
{
#ifdef HAVE_STRERRORDESC_NP
	const char *name = strerrordesc_np(errnum);
#else
	const char *name = strerror(errnum);
#endif

	return name != NULL ? name : "Unknown error";
}
