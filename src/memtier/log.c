/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log.c - what libmemtier says on standard error. See log.h.
 */
#include "memtier/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/log.h"
#include "support/environment.h"
#include "support/numbers.h"

static int level;
static struct log_file destination = LOG_FILE_INIT("libmemtier");

static void
say(const char *word, const char *format, va_list args)
{
	char line[LOG_LINE_MAX];
	int prefix = snprintf(
	    line, sizeof(line), "MEMKIND_MEM_TIERING_LOG_%s: ", word);
	size_t length;

	vsnprintf(
	    line + prefix, sizeof(line) - (size_t)prefix - 1, format, args);
	length = strlen(line);
	line[length++] = '\n';
	log_file_write(&destination, line, length);
}

void
log_fatal(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say("ERROR", format, args);
	va_end(args);
	abort();
}

bool
log_has_info(void)
{
	return level >= 1;
}

void
log_info(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (log_has_info())
		say("INFO", format, args);
	va_end(args);
}

void
log_debug(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (level >= 2)
		say("DEBUG", format, args);
	va_end(args);
}

void
log_open(void)
{
	const char *text = variable("MEMKIND_MEM_TIERING_LOG_LEVEL");
	uint64_t number;

	if (text == NULL)
		return;
	if (number_read(text, 0, 2, &number) != 0)
		log_fatal("MEMKIND_MEM_TIERING_LOG_LEVEL: \"%s\" is no level; "
			  "write 0, 1 or 2",
		    text);
	level = (int)number;
}
