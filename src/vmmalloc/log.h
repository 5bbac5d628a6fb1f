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

#include "support/log.h"

struct settings;

/* Opens the destination; ends the process when that cannot be done. */
void log_open(const struct settings *settings);

/* Writes text as it is. */
void log_text(const char *text);

/* Writes a formatted piece, without adding anything to it. */
void log_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Level 1 tells of the start and of failures, 2 of the pool, 3 of threads and
 * arenas, 4 of every call. */
extern struct log_file log_destination;
#define LOG_TRACE(at, ...) LOG_FILE_TRACE(&log_destination, at, __VA_ARGS__)

/* Whether the log has more than the report: in the debug library. */
#ifdef POOLKIND_DEBUG
#define LOG_ALWAYS true
#else
#define LOG_ALWAYS false
#endif

/* Writes "Error (libvmmalloc): ", the sentence, a newline, and aborts. Such a
 * line is for who started the program: the release library, whose log is a
 * report that others read, has it on standard error. */
#define log_fatal(...) \
	log_end(LOG_ALWAYS ? &log_destination : &log_standard_error, \
	    "Error (libvmmalloc): ", __VA_ARGS__)

#endif /* VMMALLOC_LOG_H */
