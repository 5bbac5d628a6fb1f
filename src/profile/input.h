/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * input.h - the bytes of a file that may be compressed by gzip.
 *
 * Owns nothing: the bytes are the caller's, to be given back by free(3). Called
 * by the files that read profiles; no locks.
 */
#ifndef PROFILE_INPUT_H
#define PROFILE_INPUT_H

#include "profile/profile.h"

#define PROFILE_FILE_MAX ((size_t)512 << 20)

/* All of PATH, with a NUL behind it. NULL with a sentence: it cannot be read,
 * it ends too early, its checksum is not that of its content, it has more than
 * PROFILE_FILE_MAX. */
char *input_read(const char *path, size_t *size);

/* The profiles in the SIZE bytes of the file PATH. MODULES may be NULL. */
struct dhat_modules;
struct profile *pprof_parse(const char *path, const char *content, size_t size);
struct profile *dhat_parse(
    const char *path, const char *content, const struct dhat_modules *modules);

/* Whether it begins as JSON does. */
bool input_is_json(const char *content);

#endif /* PROFILE_INPUT_H */
