/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log.c - what the shim says. See log.h.
 *
 * Lines may be written from within malloc(), before libc is initialised and
 * after its streams are closed: so by write(2) to a descriptor of the shim's,
 * never through stdio. The file is opened for appending: a child of fork goes
 * on writing to it beside its parent, and neither overwrites the other.
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

/* The release library writes nothing but the report, so it opens, and
 * truncates, the file only if a report was asked for: a variable that is left
 * over from debugging must not empty a file. Until the file is open lines go to
 * standard error, this one's failure among them. Without a file the report goes
 * to standard error as it is now: many programs have closed their own when they
 * end, to learn of a failure to write (sort(1), cat(1)). */
void
log_open(const struct settings *settings)
{
	const char *name = settings->log_file;
	int error;

	if (LOG_ALWAYS)
		log_destination.level = (int)settings->log_level;
	if (!LOG_ALWAYS && settings->log_stats == 0)
		return;
	if (name == NULL || name[0] == '\0') {
		if (settings->log_stats != 0)
			log_file_keep_standard_error(&log_destination);
		return;
	}
	error = log_file_open(&log_destination, name);
	if (error != 0)
		log_fatal("VMMALLOC_LOG_FILE=%s: %s", name, error_name(error));
}
