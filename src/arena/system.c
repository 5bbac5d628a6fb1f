/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * system.c - what jemalloc calls instead of libc: see jemalloc/calls.
 *
 * jemalloc's source is built as it is. In its archive objcopy(1) then renames
 * every function of libc that it calls, but for those that only compute, to one
 * of the functions below or in tsd.c. There are two reasons. A name of libc may
 * be defined by any other library of the process, which may allocate in it, and
 * jemalloc calls it with its locks held: that would be a deadlock. And jemalloc
 * prints, reads a configuration, and aborts on some errors, which a library may
 * not do to its program. What is not in the list may not be called at all
 * (test/build/imports).
 *
 * This is the one file of the engine outside of src/os that makes system calls.
 * What is here are bodies of libc's functions: they have libc's signatures,
 * take whatever jemalloc passes, answer with -1 and errno, and have no other
 * caller. In os.h each function has a contract of the engine's, with conditions
 * and error numbers; these would stand apart there, and would have src/os know
 * jemalloc, which is left to this folder. Like os/, it uses direct calls
 * (os/direct.h) and the addresses in libc's image (os/libc.h), and asks for
 * injected faults.
 *
 * Most of these are called while jemalloc starts, or hardly ever. mmap() is the
 * one that matters: with it jemalloc gets memory for its own metadata. The
 * memory of kinds comes through the extent hooks (hooks.c), not from here.
 *
 * Owns nothing. Called by jemalloc alone, under its locks.
 */
#include <errno.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/page.h"
#include "os/direct.h"
#include "os/libc.h"
#include "os/lock.h"
#include "os/os.h"
#include "os/os_fault.h"

#define INSTEAD(result, name, ...) \
	result poolkind_je_##name(__VA_ARGS__); \
	result poolkind_je_##name(__VA_ARGS__)

/* The answer of a libc function for an error number of os/, 0 for success. */
static int
answer(int error)
{
	if (error == 0)
		return 0;
	errno = error;
	return -1;
}

/* ---- Memory -------------------------------------------------------------- */

/*
 * By way of os/libc.h, since communication libraries must hear of mappings that
 * come and go. For tests, memory for jemalloc's metadata can be made to fail
 * like that for the engine's records. A failure here becomes a request for a
 * block that fails, nothing worse. mprotect() is direct: nobody has to hear of
 * it.
 */

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

/* The clock is for decay above all. It is read where libc has it, which needs
 * no system call (the vDSO), and cannot fail for the clocks that jemalloc asks
 * for. */

INSTEAD(int, clock_gettime, clockid_t clock, struct timespec *now)
{
	libc_clock(clock, now);
	return 0;
}

/* How many processors there are is asked for at the start. With one automatic
 * arena (start.c) the number decides little; libc's way to it may read files in
 * /sys. */
INSTEAD(int, getaffinity, int process, size_t bytes, void *set)
{
	long got = os_direct(SYS_sched_getaffinity, process, bytes, set);

	return answer(os_error_of(got));
}

/* The size of a page was fixed when jemalloc was configured, and it does not
 * start where the system's pages are larger; where they are smaller it aligns
 * what it maps. */
INSTEAD(long, sysconf, int name)
{
	switch (name) {
	case _SC_PAGESIZE:
		return (long)system_page();
	case _SC_NPROCESSORS_ONLN:
	case _SC_NPROCESSORS_CONF:
		return os_processors();
	default:
		return -1;
	}
}

/*
 * jemalloc makes some calls by number, so that nobody sees them: it opens,
 * reads and closes files of /proc and /sys, to learn whether memory is
 * overcommitted and of huge pages, and writes its messages. The former calls
 * are made; of a message all bytes are said to be written, so that it is
 * content. What the engine has to say goes to the program's report function or
 * into a sentence, not to standard error.
 */
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

/* In place of sched_yield(2). jemalloc calls it in a loop, where another thread
 * is just about to finish something. A thread of the class SCHED_FIFO that
 * yields to a thread of a lower priority gets the processor back at once, for
 * ever; so this one sleeps for 20 us. */
INSTEAD(int, yield, void)
{
	unsigned nap = 0;

	take_nap(&nap);
	return 0;
}

/* ---- What it does not ---------------------------------------------------- */

/* For a message that nobody reads. */

INSTEAD(char *, strerror, int error, char *text, size_t size)
{
	(void)error;
	if (size != 0)
		text[0] = '\0';
	return text;
}

/* "No memory": the program break is the C library's and the program's. */
INSTEAD(void *, sbrk, void)
{
	return (void *)-1;
}

/* A condition variable for background threads, which are off: made at the
 * start, and never waited for. */
INSTEAD(int, cond_init, void)
{
	return 0;
}

/* Called by what is turned off by jemalloc's options or when it is built: a
 * second source of memory, background threads, profiles, a configuration by a
 * symbolic link. The objects refer to them, so they must be somewhere. -1 says
 * that it did not work, should it be called after all. */
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

/* Reached only if jemalloc finds its own rules broken, or has no record of the
 * thread and no memory for one, which tsd.c rules out. Nothing could be right
 * any more: the process ends at the place, by a trap, without abort(3), which
 * is libc's and may run the program's handlers. */
INSTEAD(__attribute__((noreturn)) void, abort, void)
{
	__builtin_trap();
}
