/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log.c - what libautohbw says on standard error. See log.h.
 */
#include "autohbw/log.h"

#include <errno.h>
#include <execinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "interpose/inside.h"
#include "os/log.h"

#define CALLERS_MAX 64

int log_level = LOG_BLOCKS;
static struct log_file destination = LOG_FILE_INIT("libautohbw");

void
log_open(int level)
{
	void *caller;

	log_level = level;
	/* Its first call loads a library. */
	if (level >= LOG_CALLERS)
		backtrace(&caller, 1);
}

static void
say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_file_format(&destination, format, args);
	va_end(args);
}

void
log_say(int level, const char *format, ...)
{
	char text[LOG_LINE_MAX - 16];
	va_list args;

	if (log_level < level)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	say("%s: %s\n", destination.library, text);
}

void
log_block(const char *format, ...)
{
	void *callers[CALLERS_MAX];
	int saved_errno = errno;
	bool was_inside = heap_inside;
	char text[160];
	va_list args;

	heap_inside = true;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	say("%s\n", text);
	if (log_level >= LOG_CALLERS)
		backtrace_symbols_fd(
		    callers, backtrace(callers, CALLERS_MAX), STDERR_FILENO);
	heap_inside = was_inside;
	errno = saved_errno;
}
