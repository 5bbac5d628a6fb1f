/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log.h - what the shim says: fatal lines, trace lines, the report at exit.
 *
 * Owns the destination: standard error, or the file that VMMALLOC_LOG_FILE
 * names (in the debug library, and wherever VMMALLOC_LOG_STATS asks for the
 * report). Called by every file of the shim, also from within malloc: nothing
 * here allocates, and each line is one write(2). Takes no lock.
 */
#ifndef VMMALLOC_LOG_H
#define VMMALLOC_LOG_H

#include "base/base.h"

struct settings;

/* Opens the destination; ends the process when that cannot be done. */
void log_open(const struct settings *settings);

/* Writes text as it is. */
void log_text(const char *text);

/* Writes a formatted piece, without adding anything to it. */
void log_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Writes "Error (libvmmalloc): ", the sentence, a newline, and aborts. */
_Noreturn void log_fatal(const char *format, ...)
    __attribute__((format(printf, 1, 2), cold));

/*
 * Trace lines exist in the debug library alone: level 1 tells of the start and
 * of failures, 2 of the pool, 3 of threads and arenas, 4 of every call.
 */
#ifdef POOLKIND_DEBUG
extern int log_level;
void log_trace(int level, const char *file, int line, const char *function,
    const char *format, ...) __attribute__((format(printf, 5, 6)));
#define LOG_TRACE(level, ...) \
	(log_level >= (level) ? \
		log_trace(level, __FILE__, __LINE__, __func__, __VA_ARGS__) : \
		(void)0)
#else
#define LOG_TRACE(level, ...) ((void)0)
#endif

#endif /* VMMALLOC_LOG_H */
