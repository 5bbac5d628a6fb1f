/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * error.h - the sentence that explains a thread's last failure.
 *
 * Owns one buffer per thread, in initial-exec TLS (small enough for dlopen).
 * Called by every folder above. Takes no lock, never allocates, cannot fail:
 * a sentence that is too long is cut.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#define ERROR_TEXT_MAX 256

/* Stores the formatted sentence as the thread's error, sets errno to ERRNUM,
 * and returns -1, so that a caller can write return error_set(...). Formats
 * are limited to %s %c %d %u %x %zu %zd %llu %p, which never allocate. */
int error_set(int errnum, const char *format, ...)
    __attribute__((format(printf, 2, 3), cold));

/* error_set() with ": <what errnum means>" after the sentence. */
int error_set_system(int errnum, const char *format, ...)
    __attribute__((format(printf, 2, 3), cold));

/* The thread's last sentence, "" before the first. */
const char *error_text(void);

/* What ERRNUM means, in English, from static storage. */
const char *error_name(int errnum);

#endif /* BASE_ERROR_H */
