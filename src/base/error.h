/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * error.h - the sentence that explains a thread's last failure.
 *
 * base/error.c formats, os/sentence.c keeps it for each thread. Called by every
 * folder above. Takes no lock, never allocates, cannot fail: a sentence that is
 * too long is cut, and one for which there is no memory is "".
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdarg.h>
#include <stddef.h>

#define ERROR_TEXT_MAX 256

/* Stores the formatted sentence as the thread's error, sets errno to ERRNUM,
 * and returns -1, so that a caller can write return error_set(...). Formats
 * are limited to %s %c %d %u %x %zu %zd %llu %p, which never allocate. */
int error_set(int errnum, const char *format, ...)
    __attribute__((format(printf, 2, 3), cold));

/* error_set() with ": <what errnum means>" after the sentence. */
int error_set_system(int errnum, const char *format, ...)
    __attribute__((format(printf, 2, 3), cold));

/* Formats a line of less than SIZE bytes, without control characters even where
 * it quotes a path that has some; with ": <what MEANING means>" behind it where
 * that is an error number and not 0. */
void error_format(
    char *sentence, size_t size, int meaning, const char *format, va_list args);

/* The thread's last sentence, "" before the first. */
const char *error_text(void);

/* What ERRNUM means, in English, from static storage. */
const char *error_name(int errnum);

#endif /* BASE_ERROR_H */
