/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * raw_fork.c - children that a program makes past fork(2): by syscall(2), as
 * sandboxes and runtimes do, or by clone(2) without CLONE_VM.
 *
 * A heap in a file does not come into such a child by itself, since it would
 * change its parent's data; but everything that the child has in its hands lies
 * there. So both functions are interposed, and do to the heap what fork(2)
 * does, by its policy. All other calls go on to the next library that has the
 * function: another interposer, or libc. _Fork(3) is left alone: it may be
 * called in a signal handler, where no lock may be waited for.
 *
 * Owns the addresses of the next functions. Called by the program, from any
 * thread. Takes no lock of its own; the engine's are held around the call.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <dlfcn.h>
#include <sched.h>
#include <stdatomic.h>

#include "base/base.h"
#include "interpose/jump.h"
#include "kind/facade.h"
#include "os/direct.h"
#include "vmmalloc/fork.h"

/* A program that is linked statically has no such function: it must not be
 * drawn in. Neither function here is visible in the static library. */
#pragma weak dlsym

/* The beginning of struct clone_args, whose header older systems lack. */
struct clone3_head {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack;
};

/* Whether the system call makes a child that has memory of its own and comes
 * back through here. One on a stack of its own does not: for it syscall(2) is
 * no way. */
static bool
makes_child(long number, long first, long second)
{
#ifdef SYS_fork
	if (number == SYS_fork)
		return true;
#endif
	if (number == SYS_clone)
		return !(first & CLONE_VM) && second == 0;
#ifdef SYS_clone3
	if (number == SYS_clone3) {
		const struct clone3_head *head = (const struct clone3_head *)
		    first;

		return head != NULL && (size_t)second >= sizeof(*head) &&
		    !(head->flags & CLONE_VM) && head->stack == 0;
	}
#endif
	return false;
}

static __attribute__((noinline, cold)) long
call_in_fork(long number, long a, long b, long c, long d, long e)
{
	long result;

	fork_begin();
	result = os_direct_call(number, a, b, c, d, e, 0);
	if (result == 0)
		fork_end_in_child();
	else
		fork_end_in_parent();
	if (result >= 0)
		return result;
	errno = (int)-result;
	return -1;
}

/* ---- syscall(2) ---------------------------------------------------------- */

typedef long syscall_function(
    long number, long a, long b, long c, long d, long e, long f);

static long
syscall_directly(long number, long a, long b, long c, long d, long e, long f)
{
	long result = os_direct_call(number, a, b, c, d, e, f);

	if (result >= 0 || result < -4095)
		return result;
	errno = (int)-result;
	return -1;
}

/* The next library's, once it was looked up. */
static syscall_function *
next_syscall(void)
{
	static _Atomic(syscall_function *) known;
	syscall_function *next = atomic_load_explicit(
	    &known, memory_order_relaxed);

	if (likely(next != NULL))
		return next;
	if (dlsym != NULL)
		*(void **)&next = dlsym(RTLD_NEXT, "syscall");
	if (next == NULL)
		next = syscall_directly;
	atomic_store_explicit(&known, next, memory_order_relaxed);
	return next;
}

/* It takes as many arguments as the call has, all of them integers: which the
 * processors' conventions pass as they do those of a function that takes seven.
 * What need not be looked at is passed on with the caller's address in place.
 */
EXPORT JUMPS long interposed_syscall(long number, long a, long b, long c,
    long d, long e, long f) __asm__("syscall");

EXPORT JUMPS long
interposed_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	if (unlikely(makes_child(number, a, b)))
		return call_in_fork(number, a, b, c, d, e);
	syscall_function *next = next_syscall();
	JUMP next(number, a, b, c, d, e, f);
}

/* ---- clone(2) ------------------------------------------------------------ */

typedef int clone_function(int (*start)(void *with), void *stack, int flags,
    void *with, void *parent_tid, void *tls, void *child_tid);

struct entry {
	int (*start)(void *with);
	void *with;
};

/* The child's first function: what it is given lies on the stack of the thread
 * that made it, of which it has a copy. */
static int
enter(void *with)
{
	struct entry entry = *(struct entry *)with;

	fork_end_in_child();
	return entry.start(entry.with);
}

static clone_function *
next_clone(void)
{
	clone_function *next = NULL;

	if (dlsym != NULL)
		*(void **)&next = dlsym(RTLD_NEXT, "clone");
	return next;
}

EXPORT int interposed_clone(int (*start)(void *with), void *stack, int flags,
    void *with, void *parent_tid, void *tls, void *child_tid) __asm__("clone");

EXPORT int
interposed_clone(int (*start)(void *with), void *stack, int flags, void *with,
    void *parent_tid, void *tls, void *child_tid)
{
	struct entry entry = { start, with };
	clone_function *next = next_clone();
	int child;

	if (next == NULL) {
		errno = ENOSYS;
		return -1;
	}
	if (flags & CLONE_VM || start == NULL)
		return next(
		    start, stack, flags, with, parent_tid, tls, child_tid);
	fork_begin();
	child = next(enter, stack, flags, &entry, parent_tid, tls, child_tid);
	int saved = errno;
	fork_end_in_parent();
	errno = saved;
	return child;
}
