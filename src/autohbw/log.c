/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log.c - what libautohbw says on standard error. See log.h.
 *
 * The level begins as the default one, 1, but before the constructor no block
 * is of the chosen kind, so nothing is said of any.
 */
#include "autohbw/log.h"

#include <errno.h>
#include <execinfo.h>
#include <stdarg.h>
#include <unistd.h>

#include "interpose/inside.h"

#define CALLERS_MAX 64

struct log_file autohbw_log = {
	.library = "libautohbw", .level = LOG_BLOCKS, .fd = STDERR_FILENO
};

/* At the level of callers glibc's backtrace(3) is called once here, where
 * nothing is held: its first call loads libgcc, by dlopen(3), which must not
 * happen inside of somebody's malloc. */
void
log_open(int level)
{
	void *caller;

	autohbw_log.level = level;
	if (level >= LOG_CALLERS)
		backtrace(&caller, 1);
}

/* The line is composed on the stack and written at once. The stack is walked by
 * libgcc, which may call malloc: heap_inside has MEMKIND_DEFAULT serve that,
 * and nothing is said of it. errno is kept, as malloc's callers have it. */
void
log_block(const char *format, ...)
{
	void *callers[CALLERS_MAX];
	int saved_errno = errno;
	bool was_inside = heap_inside;
	struct log_line line;
	va_list args;

	heap_inside = true;
	va_start(args, format);
	log_compose(&line, "", format, args);
	va_end(args);
	log_file_write(&autohbw_log, line.text, line.length);
	if (autohbw_log.level >= LOG_CALLERS)
		backtrace_symbols_fd(
		    callers, backtrace(callers, CALLERS_MAX), STDERR_FILENO);
	heap_inside = was_inside;
	errno = saved_errno;
}
