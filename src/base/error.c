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

/* Makes SENTENCE the thread's, as the one line that it has to be even when it
 * quotes a path with a newline. */
static void
keep(const char *sentence)
{
	size_t i;

	for (i = 0; i < ERROR_TEXT_MAX - 1 && sentence[i] != '\0'; i++)
		text[i] = (unsigned char)sentence[i] < ' ' ? '?' : sentence[i];
	text[i] = '\0';
}

/* Formats apart from the thread's text, which ARGS may quote. */
int
error_set(int errnum, const char *format, ...)
{
	char sentence[ERROR_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	keep(sentence);
	errno = errnum;
	return -1;
}

/* Cuts the sentence rather than the meaning, which comes last. */
int
error_set_system(int errnum, const char *format, ...)
{
	char sentence[ERROR_TEXT_MAX];
	const char *name = error_name(errnum);
	size_t room = sizeof(sentence) - strlen(": ") -
	    min_size(strlen(name), sizeof(sentence) / 2);
	va_list args;
	size_t length;

	va_start(args, format);
	vsnprintf(sentence, room, format, args);
	va_end(args);
	length = strlen(sentence);
	snprintf(sentence + length, sizeof(sentence) - length, ": %s", name);
	keep(sentence);
	errno = errnum;
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
