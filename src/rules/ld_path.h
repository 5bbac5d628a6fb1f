/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ld_path.h - what ld.so(8) makes of a folder of its path: $ORIGIN and $LIB,
 * and the folders below it that are for certain processors.
 *
 * Owns nothing. Called by the command; no locks.
 */
#ifndef RULES_LD_PATH_H
#define RULES_LD_PATH_H

#include <limits.h>

#include "base/word.h"

/* What stands for $ORIGIN and for $LIB. */
struct ld_tokens {
	const char *origin, *lib;
};

/* What $LIB is for a dynamic linker that lies in FOLDER: the system's name for
 * the folder of libraries, like lib64 or lib/x86_64-linux-gnu. */
const char *ld_lib(const char *folder);

/* TEXT in PATH, with what its tokens, also in braces, stand for. False where it
 * has others, or is too long. */
bool ld_expand(
    struct word text, const struct ld_tokens *tokens, char path[PATH_MAX]);

/* The names below glibc-hwcaps that are for this processor, the best first.
 * NULL: there are no more than I. */
const char *ld_processor(unsigned i);

#endif /* RULES_LD_PATH_H */
