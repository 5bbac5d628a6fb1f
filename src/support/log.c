/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log.c - where a library writes its lines. See log.h.
 *
 * A line is composed on the stack and written by one write(2), without stdio:
 * stdio allocates its buffers by malloc, in whose place a caller may stand, and
 * has locks that another thread may hold when a signal or a fork comes. Lines
 * of several threads and processes do not mix so, as the file is open for
 * appending. Formats are those that never allocate (base/error.h).
 */
#include "support/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <unistd.h>

struct log_file log_standard_error = LOG_FILE_INIT("");

/* Takes FD, which has a high number, out of the way of programs that expect the
 * lowest free one, or close "all" up to some number; its file is remembered,
 * for current_fd(). On failure it is closed, and the log stays as it was. By
 * one thread at a time: before there are others, or under log->opening. */
static int
use(struct log_file *log, int fd)
{
	struct os_file_id id;
	int error = os_file_id(fd, &id);

	if (error != 0) {
		os_close(fd);
		return error;
	}
	atomic_store(&log->fd, fd);
	atomic_store(&log->device, id.device);
	atomic_store(&log->inode, id.inode);
	return 0;
}

/* Opens the named file. Lines are appended: a forked child writes, too. */
static int
open_named(struct log_file *log, const char *name, bool truncate)
{
	int fd, error = os_open_log(name, truncate, &fd);

	return error != 0 ? error : use(log, os_move_high(fd));
}

/* A copy is close-on-exec, and may be had no more: then lines go where they
 * would otherwise. */
void
log_file_keep_standard_error(struct log_file *log)
{
	int fd = os_copy_high(STDERR_FILENO);

	if (fd >= 0)
		use(log, fd);
}

/* The name is kept with the process's number in it, not anew in each child: all
 * children of a fork go on in the parent's file. It is truncated here alone,
 * and not when it is opened again, which would lose what was written. */
int
log_file_open(struct log_file *log, const char *name)
{
	char own[sizeof(log->name)];
	size_t length = strlen(name);
	int error;

	if (length > 0 && name[length - 1] == '-')
		snprintf(own, sizeof(own), "%s%d", name, os_process());
	else
		snprintf(own, sizeof(own), "%s", name);
	error = open_named(log, own, true);
	if (error == 0)
		memcpy(log->name, own, strlen(own) + 1);
	return error;
}

/* The log's descriptor; -1 if that is not the log's file any more. What is
 * remembered is not read at one moment, and another thread may be changing it:
 * then no file has this mixture. */
static int
current_fd(struct log_file *log)
{
	int fd = atomic_load(&log->fd);
	struct os_file_id id;

	return os_file_id(fd, &id) == 0 &&
		id.device == atomic_load(&log->device) &&
		id.inode == atomic_load(&log->inode) ?
	    fd :
	    -1;
}

/* Where lines for standard error go: to the copy, if there is one still. */
static int
standard_error(struct log_file *log)
{
	int fd = atomic_load(&log->fd) == STDERR_FILENO ? -1 : current_fd(log);

	return fd >= 0 ? fd : STDERR_FILENO;
}

/*
 * Writes to the named file. A program may have closed every descriptor it does
 * not know, and ours may be somebody else's file by now: then the log is opened
 * anew, and if that is not to be had, nothing is said.
 *
 * By one thread, or each of several would leave a descriptor open. Nobody waits
 * for it: who comes meanwhile opens the file for this text alone, and so does
 * for ever the child of a fork in which the thread that opens it is not.
 */
static void
write_to_file(struct log_file *log, const char *text, size_t length)
{
	int fd = current_fd(log), own = -1;

	if (fd < 0 && lock_try(&log->opening)) {
		fd = current_fd(log);
		if (fd < 0 && open_named(log, log->name, false) == 0)
			fd = atomic_load(&log->fd);
		lock_give(&log->opening);
	} else if (fd < 0 && os_open_log(log->name, false, &own) == 0) {
		fd = own;
	}
	if (fd >= 0)
		os_write(fd, text, length);
	if (own >= 0)
		os_close(own);
}

/* A function of the program's comes first, whatever file was named. errno
 * stays: lines are written on the way of failures whose errno the program is to
 * see. */
void
log_file_write(struct log_file *log, const char *text, size_t length)
{
	void (*print)(const char *) = atomic_load(&log->print);
	int saved = errno;

	if (print != NULL)
		print(text);
	else if (log->name[0] == '\0')
		os_write(standard_error(log), text, length);
	else
		write_to_file(log, text, length);
	errno = saved;
}

/* Formats behind the first AT bytes of a line; returns its length, which leaves
 * room for a newline. */
static size_t
format_at(char *line, size_t at, const char *format, va_list args)
{
	int length = vsnprintf(line + at, LOG_LINE_MAX - at - 1, format, args);

	return length < 0 ? at :
			    min_size(at + (size_t)length, LOG_LINE_MAX - 2);
}

void
log_file_format(struct log_file *log, const char *format, va_list args)
{
	char line[LOG_LINE_MAX];

	log_file_write(log, line, format_at(line, 0, format, args));
}

/* The head is a short constant of the caller's and not cut. */
void
log_compose(
    struct log_line *line, const char *head, const char *format, va_list args)
{
	size_t length = strlen(head);

	memcpy(line->text, head, length);
	length = format_at(line->text, length, format, args);
	line->text[length++] = '\n';
	line->text[length] = '\0';
	line->length = length;
}

void
log_say(
    struct log_file *log, int level, const char *head, const char *format, ...)
{
	struct log_line line;
	va_list args;

	if (log->level < level)
		return;
	va_start(args, format);
	log_compose(&line, head, format, args);
	va_end(args);
	log_file_write(log, line.text, line.length);
}

/* For what a library cannot go on without and whose contract demands an end,
 * such as a pool of libvmmalloc that cannot be made: the level does not matter.
 */
void
log_end(struct log_file *log, const char *head, const char *format, ...)
{
	struct log_line line;
	va_list args;

	va_start(args, format);
	log_compose(&line, head, format, args);
	va_end(args);
	log_file_write(log, line.text, line.length);
	abort();
}

/* What precedes the text takes half of a line at most, and is padded to as many
 * columns as the log's owner wants, so that texts stand below each other. */
void
log_file_trace(struct log_file *log, int level, const char *file, int line,
    const char *function, const char *format, ...)
{
	const char *base = strrchr(file, '/');
	char text[LOG_LINE_MAX];
	va_list args;
	size_t length;

	length = (size_t)snprintf(text, sizeof(text) / 2,
	    "<%s>: <%d> [%s:%d %s] ", log->library, level,
	    base != NULL ? base + 1 : file, line, function);
	length = min_size(length, sizeof(text) / 2 - 1);
	while (length < sizeof(text) / 2 && (int)length < log->align)
		text[length++] = ' ';
	va_start(args, format);
	length = format_at(text, length, format, args);
	va_end(args);
	text[length++] = '\n';
	text[length] = '\0';
	log_file_write(log, text, length);
}

/* The link in /proc is the program itself, where argv[0] is whatever its parent
 * chose; without /proc there is nothing better than that. */
const char *
log_program(char *path, size_t size, const char *fallback)
{
	if (os_read_link("/proc/self/exe", path, size))
		return path;
	return fallback != NULL ? fallback : "?";
}

int
log_process(void)
{
	return os_process();
}
