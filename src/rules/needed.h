/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * needed.h - the files that a program will consist of, found as the dynamic
 * linker finds them, without running anything.
 *
 * Owns nothing but what it adds to struct modules. Called by the command; no
 * locks. A library that is not found is left out: whoever starts the program is
 * told by the dynamic linker.
 */
#ifndef RULES_NEEDED_H
#define RULES_NEEDED_H

#include "rules/modules.h"

/* Adds PATH, its interpreter and what it needs, with their build-ids, as far as
 * they are not there. A PATH that is no ELF file adds nothing. -1 with a
 * sentence where there is no memory. */
int needed_add(struct modules *modules, const char *path);

/* Adds what LD_PRELOAD names. */
int needed_add_preloaded(struct modules *modules, const char *list);

/* The module that a rule calls NAME: by its path, its name, or the beginning of
 * that ("libfft.so" for "libfft.so.3"). NULL: none. */
struct rules_file *needed_find(struct modules *modules, const char *name);

/* Adds the library NAME, which is looked for as for dlopen(3), or where it is
 * nowhere a module that has this name alone. NULL where there is no memory. */
struct rules_file *needed_add_library(
    struct modules *modules, const char *name);

#endif /* RULES_NEEDED_H */
