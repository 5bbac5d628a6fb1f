/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log.c - what the shim says. See log.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "os/os.h"
#include "vmmalloc/log.h"
#include "vmmalloc/settings.h"

#define LINE_MAX_BYTES 1024
#define NAME_MAX_BYTES 4096

static struct {
	int fd;
	struct os_file_id id;    /* what fd is while nobody closed it */
	char name[NAME_MAX_BYTES]; /* "": standard error */
} destination = { .fd = STDERR_FILENO };

#ifdef POOLKIND_DEBUG
int log_level;
#define LOGS_WITHOUT_REPORT true
#else
#define LOGS_WITHOUT_REPORT false
#endif

/* Opens the named file. Lines are appended: a forked child writes, too. */
static int
open_destination(int flags)
{
	int fd = open(destination.name,
	    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | flags, 0666);

	if (fd < 0)
		return errno;
	destination.fd = os_move_high(fd);
	return os_file_id(destination.fd, &destination.id);
}

/*
 * The descriptor to write to. A program may have closed every descriptor it
 * does not know, and ours may be somebody else's file by now: then the log is
 * opened anew, and if that is not to be had, nothing is said.
 */
static int
destination_fd(void)
{
	struct os_file_id id;

	if (destination.name[0] == '\0')
		return STDERR_FILENO;
	if (os_file_id(destination.fd, &id) == 0 &&
	    id.device == destination.id.device &&
	    id.inode == destination.id.inode)
		return destination.fd;
	return open_destination(0) == 0 ? destination.fd : -1;
}

static void
write_line(const char *text, size_t length)
{
	int saved = errno;
	int fd = destination_fd();

	if (fd >= 0)
		os_write(fd, text, length);
	errno = saved;
}

void
log_text(const char *text)
{
	write_line(text, strlen(text));
}

/* Formats into the SIZE bytes at LINE behind the first AT; returns the length,
 * which leaves room for a newline. */
static size_t
format_at(char *line, size_t size, size_t at, const char *format, va_list args)
{
	int length = vsnprintf(line + at, size - at - 1, format, args);

	return length < 0 ? at : min_size(at + (size_t)length, size - 2);
}

void
log_format(const char *format, ...)
{
	char line[LINE_MAX_BYTES];
	va_list args;
	size_t length;

	va_start(args, format);
	length = format_at(line, sizeof(line), 0, format, args);
	va_end(args);
	write_line(line, length);
}

void
log_fatal(const char *format, ...)
{
	static const char prefix[] = "Error (libvmmalloc): ";
	char line[LINE_MAX_BYTES];
	va_list args;
	size_t length;

	memcpy(line, prefix, sizeof(prefix));
	va_start(args, format);
	length = format_at(line, sizeof(line), sizeof(prefix) - 1, format,
	    args);
	va_end(args);
	line[length++] = '\n';
	if (LOGS_WITHOUT_REPORT)
		write_line(line, length);
	else
		os_write(STDERR_FILENO, line, length);
	abort();
}

#ifdef POOLKIND_DEBUG
void
log_trace(int level, const char *file, int line_number, const char *function,
    const char *format, ...)
{
	const char *base = strrchr(file, '/');
	char line[LINE_MAX_BYTES];
	va_list args;
	size_t length;

	length = (size_t)snprintf(line, sizeof(line) / 2,
	    "<libvmmalloc>: <%d> [%s:%d %s] ", level,
	    base != NULL ? base + 1 : file, line_number, function);
	va_start(args, format);
	length = format_at(line, sizeof(line), length, format, args);
	va_end(args);
	line[length++] = '\n';
	write_line(line, length);
}
#endif

/* A name that ends in '-' is one for each process. */
static void
set_name(const char *name)
{
	size_t length = strlen(name);

	if (length > 0 && name[length - 1] == '-')
		snprintf(destination.name, sizeof(destination.name), "%s%d",
		    name, (int)getpid());
	else
		snprintf(destination.name, sizeof(destination.name), "%s",
		    name);
}

void
log_open(const struct settings *settings)
{
	const char *name = settings->log_file;
	int errnum;

#ifdef POOLKIND_DEBUG
	if (settings->log_level != NULL)
		log_level = atoi(settings->log_level);
#endif
	if (name == NULL || name[0] == '\0')
		return;
	if (!LOGS_WITHOUT_REPORT && !settings->log_stats)
		return;
	set_name(name);
	errnum = open_destination(O_TRUNC);
	if (errnum != 0) {
		destination.name[0] = '\0';
		log_fatal("VMMALLOC_LOG_FILE=%s: %s", name,
		    error_name(errnum));
	}
}
