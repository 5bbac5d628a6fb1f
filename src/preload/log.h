/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log.h - what libpoolkind-malloc says on standard error (support/log.h).
 *
 * What goes wrong is said by the process that was started with the rules. A
 * program that this one starts says it with RULES_VERBOSE alone: what it writes
 * is read by whoever started it, who may take one line more for a failure.
 */
#ifndef PRELOAD_LOG_H
#define PRELOAD_LOG_H

#include "support/log.h"

extern struct log_file preload_log;

/* The level of the log, and of lines. */
enum {
	SAID_ALWAYS,
	SAID_OF_FAILURES,
	SAID_OF_ALL,
};

#define LOG_HEAD "libpoolkind-malloc: "

#define say(...) log_say(&preload_log, SAID_ALWAYS, LOG_HEAD, __VA_ARGS__)
#define say_failure(...) \
	log_say(&preload_log, SAID_OF_FAILURES, LOG_HEAD, __VA_ARGS__)
#define say_more(...) log_say(&preload_log, SAID_OF_ALL, LOG_HEAD, __VA_ARGS__)

/* A line without the library's name before it, of a table. */
#define say_plain(...) log_say(&preload_log, SAID_ALWAYS, "", __VA_ARGS__)

/* What the FLAGS of the table say of lines. CHILD: the process was started by a
 * program that has the rules. By one thread, once. */
void log_start(uint32_t flags, bool child);

#endif /* PRELOAD_LOG_H */
