/* SPDX-License-Identifier: BSD-2-Clause */
/* log_glue.h - what a log writes. */
#ifndef TEST_SUPPORT_LOG_GLUE_H
#define TEST_SUPPORT_LOG_GLUE_H

/* What a log of LEVEL_OF_LOG writes when HEAD and TEXT are said at LEVEL. */
const char *said(
    int level_of_log, int level, const char *head, const char *text);

#endif /* TEST_SUPPORT_LOG_GLUE_H */
