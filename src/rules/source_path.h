/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * source_path.h - the path of a source file, as debug information has it and as
 * people write it. Owns nothing, allocates nothing, cannot fail.
 */
#ifndef RULES_SOURCE_PATH_H
#define RULES_SOURCE_PATH_H

#include <stdbool.h>

/* Whether PATH ends with the components of ASKED: "open.c" and "kind/open.c"
 * both stand for "/home/me/src/kind/open.c". "." and ".." count as they do in a
 * path. */
bool source_path_is(const char *path, const char *asked);

/* The last component. */
const char *source_path_name(const char *path);

#endif /* RULES_SOURCE_PATH_H */
