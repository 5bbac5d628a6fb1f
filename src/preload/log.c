/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log.c - see log.h.
 */
#include "preload/log.h"

#include "rules/table.h"

struct log_file preload_log = LOG_FILE_INIT("libpoolkind-malloc");

/* Programs close their standard error before they end, and before statistics
 * are written. */
void
log_start(uint32_t flags, bool child)
{
	preload_log.level = child ? SAID_ALWAYS : SAID_OF_FAILURES;
	if ((flags & RULES_VERBOSE) != 0)
		preload_log.level = SAID_OF_ALL;
	if ((flags & (RULES_VERBOSE | RULES_STATS)) != 0)
		log_file_keep_standard_error(&preload_log);
}
