/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * misuse.c - what a program must not do, told at once. See misuse.h.
 *
 * Owns the function that is told, under a lock of its own that is held for the
 * reading and writing of it alone: the function is the program's, may take
 * long, may call the engine, and may exchange itself. So another thread may
 * still be in it for a moment after it was exchanged. Over fork the lock is
 * taken, so that the child does not find the two words half written.
 */
#include "os/misuse.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "os/lock.h"
#include "os/os.h"

struct report {
	void (*call)(void *arg, const char *sentence);
	void *arg;
};

static struct lock lock = LOCK_INIT;
static struct report chosen;
static _Thread_local bool reporting __attribute__((tls_model("initial-exec")));

/* One write, so that lines of several threads do not mix. */
static void
write_line(void *arg, const char *sentence)
{
	char line[ERROR_TEXT_MAX + 16];
	int length = snprintf(line, sizeof(line), "poolkind: %s\n", sentence);

	(void)arg;
	os_write(STDERR_FILENO, line, (size_t)length);
}

/* The function of this moment, a copy: it is called without the lock. In the
 * debug library there always is one. */
static struct report
report_now(void)
{
	struct report report;

	lock_take(&lock);
	report = chosen;
	lock_give(&lock);
#ifdef POOLKIND_DEBUG
	if (report.call == NULL)
		report.call = write_line;
#else
	(void)write_line;
#endif
	return report;
}

/* The sentence is made on the stack first and set last, because the report may
 * call the engine and so change the thread's sentence and errno. A misuse by
 * the report itself only sets them: reporting it would go round for ever. */
int
misuse(const char *format, ...)
{
	struct report report = report_now();
	char sentence[ERROR_TEXT_MAX];
	va_list args;

	va_start(args, format);
	error_format(sentence, sizeof(sentence), 0, format, args);
	va_end(args);
	if (report.call != NULL && !reporting) {
		reporting = true;
		report.call(report.arg, sentence);
		reporting = false;
	}
	return error_set(EINVAL, "%s", sentence);
}

void
misuse_report_to(void (*report)(void *arg, const char *sentence), void *arg)
{
	lock_take(&lock);
	chosen = (struct report){ report, arg };
	lock_give(&lock);
}

void
misuse_prefork(void)
{
	lock_take(&lock);
}

void
misuse_postfork(void)
{
	lock_give(&lock);
}
