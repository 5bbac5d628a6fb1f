/* SPDX-License-Identifier: BSD-2-Clause */
/* log_glue.h - what a log writes. */
#ifndef TEST_SUPPORT_LOG_GLUE_H
#define TEST_SUPPORT_LOG_GLUE_H

/* What a log of LEVEL_OF_LOG writes when HEAD and TEXT are said at LEVEL. */
const char *said(
    int level_of_log, int level, const char *head, const char *text);

/* The most descriptors that a log has in the file NAME, which must be new, when
 * its own was closed and then several threads wrote a line at once; -1 if a
 * line is lost. */
int descriptors_when_closed(const char *name);

#endif /* TEST_SUPPORT_LOG_GLUE_H */
