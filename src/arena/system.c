/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * system.c - what jemalloc calls instead of libc: see jemalloc/calls.
 *
 * So that nothing which another library may replace is called under jemalloc's
 * locks, and that jemalloc neither prints nor reads files nor ends the process.
 * Each has the signature of the function in whose place it is. Owns nothing.
 * Called by jemalloc alone, under its locks.
 */
#include <errno.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "os/direct.h"
#include "os/libc.h"
#include "os/lock.h"
#include "os/os.h"
#include "os/os_fault.h"

#define INSTEAD(result, name, ...) \
	result poolkind_je_##name(__VA_ARGS__); \
	result poolkind_je_##name(__VA_ARGS__)

static int
answer(int error)
{
	if (error == 0)
		return 0;
	errno = error;
	return -1;
}

/* ---- Memory -------------------------------------------------------------- */

INSTEAD(void *, mmap, void *addr, size_t bytes, int protection, int flags,
    int fd, off_t offset)
{
	int error = os_fault(OS_MAP_RECORDS);

	if (error == 0)
		error = libc_mmap(&addr, bytes, protection, flags, fd, offset);
	return answer(error) == 0 ? addr : MAP_FAILED;
}

INSTEAD(int, munmap, void *addr, size_t bytes)
{
	return answer(libc_munmap(addr, bytes));
}

INSTEAD(int, madvise, void *addr, size_t bytes, int advice)
{
	return answer(libc_madvise(addr, bytes, advice));
}

INSTEAD(int, mprotect, void *addr, size_t bytes, int protection)
{
	return answer(os_direct_error(SYS_mprotect, addr, bytes, protection));
}

/* ---- The machine and the time -------------------------------------------- */

INSTEAD(int, clock_gettime, clockid_t clock, struct timespec *now)
{
	libc_clock(clock, now);
	return 0;
}

INSTEAD(int, getaffinity, int process, size_t bytes, void *set)
{
	long got = os_direct(SYS_sched_getaffinity, process, bytes, set);

	return answer(os_error_of(got));
}

INSTEAD(long, sysconf, int name)
{
	switch (name) {
	case _SC_PAGESIZE:
		return (long)PAGE_BYTES;
	case _SC_NPROCESSORS_ONLN:
	case _SC_NPROCESSORS_CONF:
		return os_processors();
	default:
		return -1;
	}
}

/* What it would print is taken for printed. */
INSTEAD(long, syscall, long number, ...)
{
	va_list arguments;
	long a, b, c, d, e, result;

	va_start(arguments, number);
	a = va_arg(arguments, long);
	b = va_arg(arguments, long);
	c = va_arg(arguments, long);
	d = va_arg(arguments, long);
	e = va_arg(arguments, long);
	va_end(arguments);
	if (number == SYS_write)
		return c;
	result = os_direct(number, a, b, c, d, e);
	return os_error_of(result) == 0 ? result : answer(os_error_of(result));
}

/* ---- Waiting ------------------------------------------------------------- */

/* Called where another thread is waited for, and again until it is done. */
INSTEAD(int, yield, void)
{
	unsigned nap = 0;

	take_nap(&nap);
	return 0;
}

/* ---- What it does not ---------------------------------------------------- */

INSTEAD(char *, strerror, int error, char *text, size_t size)
{
	(void)error;
	if (size != 0)
		text[0] = '\0';
	return text;
}

INSTEAD(void *, sbrk, void)
{
	return (void *)-1;
}

/* Made at the start, and then not used. */
INSTEAD(int, cond_init, void)
{
	return 0;
}

#define NEVER(name) \
	INSTEAD(int, never_##name, void) \
	{ \
		return -1; \
	}
NEVER(readlink)
NEVER(atexit)
NEVER(creat)
NEVER(getpid)
NEVER(gettid)
NEVER(gettimeofday)
NEVER(sched_getcpu)
NEVER(sched_setaffinity)
NEVER(pthread_cond_signal)
NEVER(pthread_cond_timedwait)
NEVER(pthread_cond_wait)
NEVER(pthread_create)
NEVER(pthread_getname_np)
NEVER(pthread_join)
NEVER(pthread_setname_np)
NEVER(pthread_sigmask)
NEVER(a0dalloc)

/* It is called where its own rules are broken, which debug builds of it would
 * check, and where it has no record of the thread, which it has: tsd.h. */
INSTEAD(__attribute__((noreturn)) void, abort, void)
{
	__builtin_trap();
}
