/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log.c - what the shim says. See log.h.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "os/log.h"
#include "vmmalloc/log.h"
#include "vmmalloc/settings.h"

static struct log_file destination = LOG_FILE_INIT("libvmmalloc");

#ifdef POOLKIND_DEBUG
int log_level;
#define LOGS_WITHOUT_REPORT true
#else
#define LOGS_WITHOUT_REPORT false
#endif

void
log_text(const char *text)
{
	log_file_write(&destination, text, strlen(text));
}

void
log_format(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_file_format(&destination, format, args);
	va_end(args);
}

void
log_fatal(const char *format, ...)
{
	char text[LOG_LINE_MAX / 2], line[LOG_LINE_MAX];
	va_list args;
	int length;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	length = snprintf(
	    line, sizeof(line), "Error (libvmmalloc): %s\n", text);
	if (LOGS_WITHOUT_REPORT)
		log_file_write(&destination, line, (size_t)length);
	else
		os_write(2, line, (size_t)length);
	abort();
}

#ifdef POOLKIND_DEBUG
void
log_trace(int level, const char *file, int line, const char *function,
    const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_file_trace(&destination, level, file, line, function, format, args);
	va_end(args);
}
#endif

void
log_open(const struct settings *settings)
{
	const char *name = settings->log_file;
	int error;

#ifdef POOLKIND_DEBUG
	if (settings->log_level != NULL)
		log_level = atoi(settings->log_level);
#endif
	if (name == NULL || name[0] == '\0')
		return;
	if (!LOGS_WITHOUT_REPORT && !settings->log_stats)
		return;
	error = log_file_open(&destination, name);
	if (error != 0)
		log_fatal("VMMALLOC_LOG_FILE=%s: %s", name, error_name(error));
}
