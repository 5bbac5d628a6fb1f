/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * start.c - the beginning and the end of the shim.
 *
 * The life of the heap, from the first block to the last:
 *
 *  1. Before start(). The dynamic linker allocates as soon as symbols are
 *     bound, and in a program that is linked with libvmmalloc.a so may its
 *     earlier constructors. The first such request opens a kind of ordinary
 *     memory (pool_or_early()). Its blocks are never lost: they may be freed,
 *     resized into the pool, and asked for their size at any time.
 *  2. start(). The library is linked with -z initfirst, so this runs before the
 *     constructor of any other library, libc's own included. Therefore neither
 *     environ nor stdio's streams may be used: the environment is the argument
 *     that constructors get. In a static program it is an early constructor.
 *     It either makes the pool or ends the process, by one line on standard
 *     error and SIGABRT, which a shell reports as status 134. Where all goes
 *     well it writes nothing. This is so in every process that inherits
 *     LD_PRELOAD, also after exec(2): each makes a pool of its own.
 *  3. Until the process ends every request is the pool's; when that is full,
 *     the answer is NULL.
 *  4. end(). The destructor writes the report, and changes nothing. Destructors
 *     of other libraries may still run after it, and allocate and free as
 *     before: the pool is never closed. Its file has no name and vanishes with
 *     the process, however that ends.
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

#ifdef HAVE_VALGRIND
/* How tests and people find out, by strings(1). */
static const char valgrind_support[]
    __attribute__((used)) = "compiled with support for Valgrind memcheck";
#endif

#ifdef POOLKIND_DEBUG
#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "unknown"
#endif

/* The first lines of the debug library's log, in the order and form of vmem's.
 */
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

/*
 * The order is that of the shim's contract, as it decides which of several
 * faults is named: fork handlers, the log, the variables, the pool.
 *
 * The handlers come first for two reasons. They must be registered before those
 * of other libraries (fork.h), and pthread_atfork(3) may allocate, which is
 * then a request of step 1 like any other. A program that runs with more rights
 * than its user has none of the variables, whoever set them: it ends because
 * VMMALLOC_POOL_DIR is missing. main() finds errno as if nothing had run before
 * it.
 */
static __attribute__((constructor(101))) void
start(int argc, char **argv, char **environment)
{
	struct settings settings = { .size = 0 };
	int saved_errno = errno;

	(void)argc;
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
	report_open((unsigned)settings.log_stats, argv);
	LOG_TRACE(2, "initialization completed");
	errno = saved_errno;
}

/* Of this priority it is the last destructor of the shim. A process that ends
 * by a signal or _exit(2) runs no destructors, and writes no report. */
static __attribute__((destructor(101))) void
end(void)
{
	report_write();
}
