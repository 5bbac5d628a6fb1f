/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lines.h - the lines of a file that the kernel makes, as /proc has them.
 *
 * Included by the files of os/. Owns nothing, takes no lock, calls no malloc.
 */
#ifndef OS_LINES_H
#define OS_LINES_H

#include <stddef.h>

/* Bytes of a line that are handed on, its end included. */
#define OS_LINE_MAX 512

/* Calls VISIT for each line of the file, cut to OS_LINE_MAX - 1 bytes. Reads
 * BYTES at a time, into the caller's BUFFER: it knows how much stack there is,
 * and how long the file may be. PATH is not looked at any more when the first
 * line comes. Returns 0, or the error number where the file cannot be opened or
 * read. */
int os_each_line(const char *path, char *buffer, size_t bytes,
    void (*visit)(void *to, const char *line), void *to);

#endif /* OS_LINES_H */
