/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * raw_fork.c - children that a program makes past fork(2): by syscall(2), as
 * sandboxes and runtimes do, or by clone(2) without CLONE_VM.
 *
 * The handlers of pthread_atfork(3) do not run for such a child. A heap in a
 * file is then not mapped in it (MADV_DONTFORK): what the child wrote to its
 * own variables would change its parent's. But all that the child has in its
 * hands lies there, so that its first touch of a block would be a SIGSEGV.
 * Therefore both functions are interposed, and around such a call the handlers'
 * work is done, by VMMALLOC_FORK, as for fork(2).
 *
 * All other calls go on to the next library that has the function: another
 * interposer, or libc. A child that shares its parent's memory (vfork(2),
 * posix_spawn(3), threads) is none of ours: nothing is copied, and nothing may
 * be locked, as the parent goes on with the same locks. _Fork(3) is left alone:
 * it may be called in a signal handler, where no lock may be waited for.
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
#include "os/libc.h"
#include "os/os.h"
#include "vmmalloc/fork.h"

/* Weak, since a static program should not get the dynamic linker's code only
 * because it is linked with libvmmalloc.a; there dlsym may be NULL. The static
 * library keeps both functions here to itself. */
#pragma weak dlsym

/* The beginning of struct clone_args, whose header older systems lack. */
struct clone3_head {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack;
};

/*
 * Whether the system call makes a child that has memory of its own and returns
 * from here as its parent does. FIRST and SECOND are its first two arguments:
 * flags and stack of clone(2), the record and its size of clone3(2). A child on
 * another stack cannot return from a C function, as its frames are not there,
 * so such a call is made in assembler by those who make it. A record that is
 * not there is the kernel's to refuse. SYS_fork is missing on newer
 * architectures, SYS_clone3 in headers before Linux 5.3.
 */
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

		return (size_t)second >= sizeof(*head) &&
		    os_is_readable(&head->flags) &&
		    os_is_readable(&head->stack) && !(head->flags & CLONE_VM) &&
		    head->stack == 0;
	}
#endif
	return false;
}

/*
 * The call with the heap held around it. It is made directly, not through the
 * next library's syscall(2): all locks of the engine are held, and whoever
 * stands there might allocate. The child goes on from here with a copy of the
 * stack, in which result is 0, and gives the locks back that its parent took,
 * which have no owner (os/lock.h). If there is no child, the parent's part
 * undoes what was prepared. Six arguments are enough: no call that makes a
 * child has more than five.
 */
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

/* Where no other library has syscall(2). */
static long
syscall_directly(long number, long a, long b, long c, long d, long e, long f)
{
	long result = os_direct_call(number, a, b, c, d, e, f);

	if (result >= 0 || result < -4095)
		return result;
	errno = (int)-result;
	return -1;
}

/* The next library's syscall(2), looked up at the first call: by a program that
 * makes thousands a second it should cost no lookup. Threads that come first at
 * once find the same address. */
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

/*
 * libc's syscall() is variadic. All of its arguments are integers or pointers,
 * and the calling conventions of x86-64 and AArch64 pass those to a variadic
 * function in the same places as to one with seven parameters. Where the caller
 * passed fewer, the rest is what happens to be in these registers, or on the
 * stack: it is read, passed on, and ignored by the kernel. Declared so, calls
 * that make no child can leave by a jump, which moves nothing.
 *
 * The name in C is another, since <unistd.h> declares the variadic one.
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

struct entry {
	int (*start)(void *with);
	void *with;
};

/* The child's first function. The record that it gets lies on the stack of the
 * thread that called clone(2), in a frame that has not returned; the child has
 * a copy of that memory, on whichever stack it runs itself. */
static int
enter(void *with)
{
	struct entry entry = *(struct entry *)with;

	fork_end_in_child();
	return entry.start(entry.with);
}

/* The next library's clone(2), looked up at the first call, as next_syscall()
 * does it. NULL in a static program: there this function cannot be reached by
 * name. */
static libc_clone_function *
next_clone(void)
{
	static _Atomic(libc_clone_function *) known;
	libc_clone_function *next = atomic_load_explicit(
	    &known, memory_order_relaxed);

	if (next == NULL && dlsym != NULL) {
		*(void **)&next = dlsym(RTLD_NEXT, "clone");
		atomic_store_explicit(&known, next, memory_order_relaxed);
	}
	return next;
}

EXPORT int interposed_clone(int (*start)(void *with), void *stack, int flags,
    void *with, void *parent_tid, void *tls, void *child_tid) __asm__("clone");

/*
 * libc's clone() starts the child in a function, on a stack that the caller
 * provides, so the heap is set right in enter() instead of behind the call. It
 * is called in libc and not in the next library, which might allocate: all
 * locks of the engine are held. Arguments behind WITH are there if the flags
 * ask for them; that they are read anyway is of no harm, as for syscall()
 * above.
 */
static int
clone_in_fork(libc_clone_function *clone_it, struct entry *entry, void *stack,
    int flags, void *parent_tid, void *tls, void *child_tid)
{
	int child, saved;

	fork_begin();
	child = clone_it(
	    enter, stack, flags, entry, parent_tid, tls, child_tid);
	saved = errno;
	fork_end_in_parent();
	errno = saved;
	return child;
}

EXPORT int
interposed_clone(int (*start)(void *with), void *stack, int flags, void *with,
    void *parent_tid, void *tls, void *child_tid)
{
	struct entry entry = { start, with };
	libc_clone_function *next = next_clone(), *libc = libc_clone();

	if (next == NULL) {
		errno = ENOSYS;
		return -1;
	}
	if (flags & CLONE_VM || start == NULL)
		return next(
		    start, stack, flags, with, parent_tid, tls, child_tid);
	return clone_in_fork(libc != NULL ? libc : next, &entry, stack, flags,
	    parent_tid, tls, child_tid);
}
