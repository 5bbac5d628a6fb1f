/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log.c - what the shim says. See log.h.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "vmmalloc/log.h"
#include "vmmalloc/settings.h"

struct log_file log_destination = LOG_FILE_INIT("libvmmalloc");

#ifdef POOLKIND_DEBUG
#define LOGS_WITHOUT_REPORT true
#else
#define LOGS_WITHOUT_REPORT false
#endif

void
log_text(const char *text)
{
	log_file_write(&log_destination, text, strlen(text));
}

void
log_format(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_file_format(&log_destination, format, args);
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
		log_file_write(&log_destination, line, (size_t)length);
	else
		os_write(2, line, (size_t)length);
	abort();
}

void
log_open(const struct settings *settings)
{
	const char *name = settings->log_file;
	int error;

#ifdef POOLKIND_DEBUG
	if (settings->log_level != NULL)
		log_destination.level = atoi(settings->log_level);
#endif
	if (name == NULL || name[0] == '\0')
		return;
	if (!LOGS_WITHOUT_REPORT && !settings->log_stats)
		return;
	error = log_file_open(&log_destination, name);
	if (error != 0)
		log_fatal("VMMALLOC_LOG_FILE=%s: %s", name, error_name(error));
}
