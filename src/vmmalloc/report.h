/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report.h - what VMMALLOC_LOG_STATS has written: that the pool was full, and
 * statistics when the process ends.
 *
 * Owns how much is wanted, and whether the one line was written. Called by the
 * constructor, the destructor and where a request cannot be met. Takes nothing
 * from the heap that it tells of: what it needs is a record of the engine's, in
 * ordinary memory. No lock.
 */
#ifndef VMMALLOC_REPORT_H
#define VMMALLOC_REPORT_H

#include <stddef.h>

/* LEVEL is 0 for nothing, 1 for what people ask for, 2 for jemalloc's
 * statistics as well; ARGV is the program's, or NULL. */
void report_open(unsigned level, char **argv);
void report_write(void);

/* The first time that a block of SIZE bytes cannot be had, writes a line. */
void report_full(size_t size);

#endif /* VMMALLOC_REPORT_H */
