/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log.h - what libmemtier says on standard error.
 *
 * Owns the level. Called by the constructor. Takes no lock.
 */
#ifndef MEMTIER_LOG_H
#define MEMTIER_LOG_H

#include <stdbool.h>

/* Reads MEMKIND_MEM_TIERING_LOG_LEVEL: 0 for errors alone, 1 for what was
 * started, 2 for its parts as well. */
void log_open(void);

/* Writes what is wrong, and ends the process by abort(3). */
_Noreturn void log_fatal(const char *format, ...)
    __attribute__((format(printf, 1, 2), cold));

/* Lines of the levels 1 and 2, and whether those of level 1 are written. */
bool log_has_info(void);
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif /* MEMTIER_LOG_H */
