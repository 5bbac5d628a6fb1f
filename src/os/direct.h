/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * direct.h - system calls without libc between.
 *
 * What libc exports another library may replace, and allocate or wait in its
 * place; what is called here nobody can. The answer is the kernel's: a value,
 * or an error number below zero. errno is not touched, and no thread is
 * cancelled here. Owns nothing, takes no lock. Included by the files of os/.
 *
 * All system calls of the engine are made so, but for four that change mappings
 * and two that read the clock and the processor: libc.h says why these are
 * made in libc. A few of the four are direct all the same, where no device can
 * know the range that changes: a temporary stack and a temporary buffer
 * (os_stack_linux.c, os_file_linux.c), and the unreadable reservation that
 * os_map_on() covers.
 *
 * The constraints of the inline assembly: the kernel may read and write any
 * memory that an argument leads to ("memory"), and on x86-64 the instruction
 * itself loses rcx and r11. Six arguments are always passed, as unused ones are
 * ignored. On other processors syscall(2) of libc does it, which a library
 * could stand before.
 */
#ifndef OS_DIRECT_H
#define OS_DIRECT_H

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline long
os_direct_call(long number, long a, long b, long c, long d, long e, long f)
{
#if defined(__x86_64__) && defined(__LP64__)
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;

	__asm__ volatile("syscall"
			 : "+a"(number)
			 : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return number;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
#else
	int saved = errno;
	long result = syscall(number, a, b, c, d, e, f);

	if (result == -1)
		result = -errno;
	errno = saved;
	return result;
#endif
}

/* os_direct(SYS_..., up to six arguments). */
#define os_direct(...) OS_DIRECT(__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define OS_DIRECT(number, a, b, c, d, e, f, ...) \
	os_direct_call(number, (long)(a), (long)(b), (long)(c), (long)(d), \
	    (long)(e), (long)(f))

/* The same as a function of os.h answers: 0 or the error number. */
#define os_direct_error(...) os_error_of(os_direct(__VA_ARGS__))

/* The error number that an answer of the kernel stands for, or 0. Only the last
 * page of numbers is errors: an address may be negative as a long. */
static inline int
os_error_of(long result)
{
	return result < 0 && result >= -4095 ? (int)-result : 0;
}

#endif /* OS_DIRECT_H */
