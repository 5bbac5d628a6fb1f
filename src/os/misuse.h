/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * misuse.h - reports what a program does with blocks and handles and must not.
 *
 * Owns the function that is told of it; there is one where the engine is.
 * Called by arena/ and kind/ with no lock held, since that function is the
 * program's and may call the engine. A lock of its own stands around the choice
 * of the function alone. Nothing fails.
 */
#ifndef OS_MISUSE_H
#define OS_MISUSE_H

#include "base/base.h"

/* error_set() with EINVAL, and the report. While a report goes on, its thread
 * makes no other. */
int misuse(const char *format, ...) __attribute__((format(printf, 1, 2), cold));

/* Has REPORT called; NULL: as at first, which is a line on standard error in
 * the debug library, and nothing in the other. */
void misuse_report_to(
    void (*report)(void *arg, const char *sentence), void *arg);

/* Around fork. */
void misuse_prefork(void);
void misuse_postfork(void);

#endif /* OS_MISUSE_H */
