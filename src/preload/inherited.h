/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inherited.h - a file that a program inherits from the command that started
 * it, whose place is in a variable: "DESCRIPTOR,PROCESS".
 *
 * It is reached by the process's own descriptor, or, where the program has
 * closed that, by the one of the process that was started with it or of the
 * command itself, which has the file open under the same number. A descriptor
 * may have been closed and used again, so what file it is of is looked at each
 * time. Owns nothing. Called inside malloc, by any thread; no locks.
 */
#ifndef PRELOAD_INHERITED_H
#define PRELOAD_INHERITED_H

#include "os/os.h"
#include "rules/table.h"

struct inherited {
	struct rules_place place;
	struct os_file_id id;
};

/* The file that VALUE leads to, if IS_IT says so of a descriptor. NULL, or what
 * is wrong. */
const char *inherited_find(
    struct inherited *file, const char *value, bool (*is_it)(int fd));

/* A descriptor of the file, until inherited_close(). 0, or an error number. */
int inherited_open(const struct inherited *file, int *fd);
void inherited_close(const struct inherited *file, int fd);

#endif /* PRELOAD_INHERITED_H */
