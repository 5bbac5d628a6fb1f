/* SPDX-License-Identifier: BSD-2-Clause */
/* log_glue.c - a log for support_test.cpp: its record has C's _Atomic. */
#include "log_glue.h"

#include <stdio.h>

#include "support/log.h"

static char written[2 * LOG_LINE_MAX];

static void
keep(const char *text)
{
	snprintf(written, sizeof(written), "%s", text);
}

const char *
said(int level_of_log, int level, const char *head, const char *text)
{
	struct log_file log = LOG_FILE_INIT("test");

	log.level = level_of_log;
	atomic_store(&log.print, keep);
	written[0] = '\0';
	log_say(&log, level, head, "%s", text);
	return written;
}
