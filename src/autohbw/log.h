/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log.h - what libautohbw says on standard error.
 *
 * Owns the level. Called from within malloc: a line is one write(2), nothing
 * allocates, errno stays. Takes no lock.
 */
#ifndef AUTOHBW_LOG_H
#define AUTOHBW_LOG_H

#include "support/log.h"

/* The values of AUTO_HBW_LOG: a line is said at its level and above. */
enum log_level {
	LOG_NOTHING = -2,
	LOG_WRONG = -1,  /* settings that are not understood */
	LOG_START = 0,   /* what is chosen */
	LOG_BLOCKS = 1,  /* each block of the chosen kind */
	LOG_CALLERS = 2, /* and who asked for it */
};

extern struct log_file autohbw_log;

/* Sets the level, and has later lines never allocate. */
void log_open(int level);

/* "libautohbw: ", the text, and a newline. */
#define autohbw_say(level, ...) \
	log_say(&autohbw_log, level, "libautohbw: ", __VA_ARGS__)

/* A line on a block: the text and a newline; then its callers, if the level
 * asks for them. */
void log_block(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif /* AUTOHBW_LOG_H */
