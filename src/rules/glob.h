/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * glob.h - patterns of glob(7), for the names of threads: by hand, since
 * fnmatch(3) may allocate, and depends on the locale.
 *
 * Owns nothing, takes no lock, allocates nothing, fails at nothing.
 */
#ifndef RULES_GLOB_H
#define RULES_GLOB_H

#include <stdbool.h>

/* Whether all of NAME is as PATTERN says: * and ? stand for characters, [a-z]
 * and [!a-z] for one of a set, and a character behind a backslash for itself. A
 * set without an end is no set, and [ stands for itself. */
bool rules_glob(const char *pattern, const char *name);

#endif /* RULES_GLOB_H */
