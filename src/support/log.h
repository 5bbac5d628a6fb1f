/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log.h - where a library writes its lines: standard error, a file, or a
 * function of the program's.
 *
 * Owns nothing: each library keeps one struct log_file, set up before other
 * threads can use it; only print may change later, and the descriptor. Called
 * by the facades, also from within malloc: nothing here allocates, a line is
 * one write(2). Waits for no lock. A line that cannot be written is lost; errno
 * stays.
 */
#ifndef SUPPORT_LOG_H
#define SUPPORT_LOG_H

#include <stdarg.h>
#include <stdatomic.h>

#include "base/base.h"
#include "os/lock.h"
#include "os/os.h"

#define LOG_LINE_MAX 1024 /* longer lines are cut */

struct log_file {
	const char *library; /* whose lines they are, "libvmem" */
	int level;           /* trace lines up to it are written */
	int align;           /* columns that what precedes the text has */
	_Atomic(void (*)(const char *)) print; /* NULL: fd */
	_Atomic int fd;                 /* of the file, or of standard error */
	_Atomic uint64_t device, inode; /* what fd is while nobody closed it */
	struct lock opening;            /* whoever opens name again */
	char name[4096];                /* "": standard error */
};

#define LOG_FILE_INIT(library_name) \
	{ \
		.library = (library_name), .fd = 2 \
	}

/* Sends what is written to the file NAME; one that ends in '-' gets the
 * process's number appended. 0, or an error number, and all stays as it was. */
int log_file_open(struct log_file *log, const char *name);

/* Has lines for standard error go to a copy of that as it is now, for a log
 * that is written when the program has closed its own. */
void log_file_keep_standard_error(struct log_file *log);

void log_file_write(struct log_file *log, const char *text, size_t length);
void log_file_format(struct log_file *log, const char *format, va_list args);

/* A line: HEAD, the text, and a newline, cut where it is too long. */
struct log_line {
	char text[LOG_LINE_MAX];
	size_t length;
};
void log_compose(
    struct log_line *line, const char *head, const char *format, va_list args);

/* Writes such a line if the log's level is LEVEL or more. */
void log_say(struct log_file *log, int level, const char *head,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Writes such a line in any case, and ends the process by abort(3). */
_Noreturn void log_end(struct log_file *log, const char *head,
    const char *format, ...) __attribute__((format(printf, 3, 4), cold));

/* For lines that belong on standard error whatever else a library writes. */
extern struct log_file log_standard_error;

/*
 * Trace lines exist in the debug libraries alone. Writes
 * "<library>: <LEVEL> [file:line function] text" and a newline where the log's
 * level is LEVEL or more.
 */
void log_file_trace(struct log_file *log, int level, const char *file, int line,
    const char *function, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
#ifdef POOLKIND_DEBUG
#define LOG_FILE_TRACE(log, at, ...) \
	((log)->level >= (at) ? log_file_trace(log, at, __FILE__, __LINE__, \
				    __func__, __VA_ARGS__) : \
				(void)0)
#else
#define LOG_FILE_TRACE(log, at, ...) ((void)0)
#endif

/* The program that runs, for a banner: its path, or FALLBACK. */
const char *log_program(char *path, size_t size, const char *fallback);
int log_process(void);

#endif /* SUPPORT_LOG_H */
