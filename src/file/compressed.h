/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * compressed.h - a file that zlib reads, compressed or not.
 *
 * Owns nothing. For the command alone; no locks. What fails has a sentence.
 */
#ifndef FILE_COMPRESSED_H
#define FILE_COMPRESSED_H

#include <stdbool.h>
#include <zlib.h>

/* PATH, which may be a pipe unless it is to be REGULAR. NULL: it cannot be
 * read. */
gzFile compressed_open(const char *path, bool regular);

/* Says why gzread(3) failed. Returns -1. */
int compressed_failed(const char *path, gzFile from);

#endif /* FILE_COMPRESSED_H */
