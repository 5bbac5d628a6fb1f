/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * error.c - the sentence that explains a thread's last failure.
 *
 * Owns that sentence, in initial-exec TLS. Called by every folder. Takes no
 * lock, never allocates, cannot fail.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>
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

static _Thread_local char text[ERROR_TEXT_MAX]
    __attribute__((tls_model("initial-exec")));

/* Cuts the sentence rather than the meaning, which comes last. */
void
error_format(
    char *sentence, size_t size, int meaning, const char *format, va_list args)
{
	const char *name = meaning != 0 ? error_name(meaning) : "";
	const char *colon = meaning != 0 ? ": " : "";
	size_t behind = strlen(colon) + min_size(strlen(name), size / 2);
	size_t length;

	vsnprintf(sentence, size - behind, format, args);
	length = strlen(sentence);
	snprintf(sentence + length, size - length, "%s%s", colon, name);
	for (; *sentence != '\0'; sentence++)
		if ((unsigned char)*sentence < ' ')
			*sentence = '?';
}

/* Formats apart from the thread's text, which ARGS may quote. */
static void
set(int errnum, int meaning, const char *format, va_list args)
{
	char sentence[ERROR_TEXT_MAX];

	error_format(sentence, sizeof(sentence), meaning, format, args);
	memcpy(text, sentence, sizeof(text));
	errno = errnum;
}

int
error_set(int errnum, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set(errnum, 0, format, args);
	va_end(args);
	return -1;
}

int
error_set_system(int errnum, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set(errnum, errnum, format, args);
	va_end(args);
	return -1;
}

const char *
error_text(void)
{
	return text;
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
