/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run_program.h - the program that `poolkind run` starts: where it is, whether
 * a library can be preloaded into it, and how it starts.
 *
 * Owns the descriptor of the table, which the program inherits, and what it
 * changes in the environment. A process of one thread; no locks. What fails is
 * said on standard error, and the status to end with returned.
 */
#ifndef TOOL_RUN_PROGRAM_H
#define TOOL_RUN_PROGRAM_H

#include <limits.h>

#include "rules/table.h"

/* As env(1) has it. */
#define NOT_STARTED 126
#define NOT_FOUND 127

/* Finds the program NAME in PATH, or takes it as a path. 0, or an error number.
 */
int program_search(const char *name, char path[PATH_MAX]);

/* The same, and says what went wrong. */
int program_find(const char *name, char path[PATH_MAX]);

/* The interpreter of the script PATH, and in ARGUMENT, of PATH_MAX bytes, the
 * word behind it, or "". False if PATH is no script. */
bool program_is_script(
    const char *path, char interpreter[PATH_MAX], char argument[PATH_MAX]);

/* Whether the dynamic linker preloads a library into PATH: not into one that
 * has no use for it, nor into one with more rights than who starts it. */
int program_check(const char *path);

/* Another descriptor of FD's file, which the program inherits, as high as that
 * of the table; -1. */
int program_keep(int fd);

/* Becomes the program ARGV, with its rules in TABLE. Returns only where that
 * failed. */
int program_start(const struct rules_table *table, char **argv);

#endif /* TOOL_RUN_PROGRAM_H */
