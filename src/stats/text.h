/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * text.h - pieces of the text that the writers of this folder put out.
 *
 * Owns nothing; numbers and strings are made here without libc's printf(3),
 * since a process may write its own numbers wherever it is. Cannot fail.
 */
#ifndef STATS_TEXT_H
#define STATS_TEXT_H

#include "stats/numbers.h"

void text_put(const struct stats_writer *to, const char *text);
void text_number(const struct stats_writer *to, uint64_t number);

/* In quotes, as JSON and OpenMetrics both take it: what they escape is escaped,
 * bytes that are no UTF-8 become U+FFFD. CONTROLS: those below 0x20 are
 * escaped as JSON has it, else only a newline is. */
void text_string(
    const struct stats_writer *to, const char *text, bool controls);

#endif /* STATS_TEXT_H */
