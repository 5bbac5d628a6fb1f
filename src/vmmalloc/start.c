/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * start.c - the beginning and the end of the shim.
 *
 * Linked with -z initfirst the constructor runs before that of any other
 * library, libc's own included: it may use neither environ nor stdio's streams.
 * In a program that is linked with libvmmalloc.a it is an early constructor of
 * the program. In both cases it is given the environment. Whatever is
 * allocated before lies in ordinary memory, and may be freed at any time.
 *
 * There is no end to the heap: the destructor writes the report, and goes on.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>
#include <sys/auxv.h>

#include "libvmmalloc.h"
#include "vmmalloc/fork.h"
#include "vmmalloc/log.h"
#include "vmmalloc/pool.h"
#include "vmmalloc/report.h"

static bool wants_report;

#ifdef HAVE_VALGRIND
/* How tests and people find out, by strings(1). */
static const char valgrind_support[]
    __attribute__((used)) = "compiled with support for Valgrind memcheck";
#endif

#ifdef POOLKIND_DEBUG
#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "unknown"
#endif

static void
write_banner(char **argv)
{
	char program[4096];

	LOG_TRACE(1, "pid %d: program: %s", log_process(),
	    log_program(
		program, sizeof(program), argv == NULL ? NULL : argv[0]));
	LOG_TRACE(1, "libvmmalloc version %d.%d", VMMALLOC_MAJOR_VERSION,
	    VMMALLOC_MINOR_VERSION);
	LOG_TRACE(1, "src version: %s", PACKAGE_VERSION);
#ifdef HAVE_VALGRIND
	LOG_TRACE(1, "%s", valgrind_support);
#endif
}
#endif

static __attribute__((constructor(101))) void
start(int argc, char **argv, char **environment)
{
	struct settings settings = { .size = 0 };
	int saved_errno = errno;

	(void)argc;
	(void)argv;
	if (getauxval(AT_SECURE))
		environment = NULL;
	fork_open();
	settings_read_log(&settings, environment);
	log_open(&settings);
#ifdef POOLKIND_DEBUG
	write_banner(argv);
#endif
	settings_read_pool(&settings, environment);
	pool_open(&settings);
	wants_report = settings.log_stats;
	LOG_TRACE(2, "initialization completed");
	errno = saved_errno;
}

static __attribute__((destructor(101))) void
end(void)
{
	if (wants_report)
		report_write();
}
