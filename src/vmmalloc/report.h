/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report.h - what VMMALLOC_LOG_STATS=1 writes when the process ends.
 *
 * Owns nothing. Called by the destructor, once. Takes nothing from the heap
 * that it tells of: what it needs is a record of the engine's, in ordinary
 * memory.
 */
#ifndef VMMALLOC_REPORT_H
#define VMMALLOC_REPORT_H

void report_write(void);

#endif /* VMMALLOC_REPORT_H */
