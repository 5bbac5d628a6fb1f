/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log.c - what the shim says. See log.h.
 */
#include <stdarg.h>
#include <string.h>

#include "base/error.h"
#include "vmmalloc/log.h"
#include "vmmalloc/settings.h"

struct log_file log_destination = LOG_FILE_INIT("libvmmalloc");

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
log_open(const struct settings *settings)
{
	const char *name = settings->log_file;
	int error;

	if (LOG_ALWAYS)
		log_destination.level = (int)settings->log_level;
	if (name == NULL || name[0] == '\0')
		return;
	if (!LOG_ALWAYS && !settings->log_stats)
		return;
	error = log_file_open(&log_destination, name);
	if (error != 0)
		log_fatal("VMMALLOC_LOG_FILE=%s: %s", name, error_name(error));
}
