/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * os_stack_linux.c - a larger stack for a while. See os.h.
 *
 * What opens a kind or reads the machine runs on one: a spec with a path, its
 * text and localities are 26 KiB, hwloc and the loading of libraries take
 * more, and a thread may have 16 KiB in all (PTHREAD_STACK_MIN). It costs three
 * system calls.
 *
 * The thread stays itself: its TLS, its locks and its errno are what they were.
 * No handler of the program runs on the foreign stack, as some look at the
 * stack of the thread that they interrupt (collectors of garbage do): signals
 * wait, but for those that a fault of our own would raise. Nor is the thread
 * cancelled there. Valgrind and the sanitizers keep account of each thread's
 * stack, and are left with that. So is a libc that cannot switch, as musl.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "base/annotate.h"
#include "os/direct.h"
#include "os/os.h"

/* What hwloc and the loading of libraries took, and four times that; pages cost
 * nothing until they are touched. */
#define STACK_BYTES (512 * KIB)

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WATCHED true
#else
#define WATCHED annotate_is_on()
#endif

#ifndef HAVE_SWAPCONTEXT

void
os_on_stack(void (*what)(void *arg), void *arg)
{
	what(arg);
}

#else

/* At the upper end of the stack: contexts are large on some machines. */
struct switching {
	void (*what)(void *arg);
	void *arg;
	ucontext_t here, there;
};

/* makecontext(3) passes numbers of the size of int. */
static void
enter(unsigned high, unsigned low)
{
	struct switching *to = (struct switching *)((uintptr_t)high << 32 |
	    low);

	to->what(to->arg);
}

/* False where the kernel, or a sandbox, has no mask of signals for us: then
 * WHAT was not called. getcontext(3), which reads the mask, is where that is
 * seen: glibc's swapcontext(3) for AArch64 fails with a register changed that
 * it had to keep. */
static bool
switch_to(char *stack, void (*what)(void *arg), void *arg)
{
	char *end = stack + STACK_BYTES -
	    align_up(sizeof(struct switching), 64);
	struct switching *to = (struct switching *)(void *)end;
	uintptr_t at = (uintptr_t)to;

	to->what = what;
	to->arg = arg;
	if (getcontext(&to->there) != 0)
		return false;
	sigfillset(&to->there.uc_sigmask);
	to->there.uc_stack.ss_sp = stack + PAGE_BYTES;
	to->there.uc_stack.ss_size = (size_t)(end - stack) - PAGE_BYTES;
	to->there.uc_link = &to->here;
	makecontext(&to->there, (void (*)(void))enter, 2, (unsigned)(at >> 32),
	    (unsigned)at);
	return swapcontext(&to->here, &to->there) == 0;
}

/*
 * Maps a stack, whose lowest page is made a guard, switches to it, and unmaps
 * it. The thread may not be cancelled meanwhile, as that would unwind from the
 * foreign stack into its own. Past the seam for faults and past libc (libc.h):
 * without a stack nothing fails, and nobody can have registered the memory.
 */
void
os_on_stack(void (*what)(void *arg), void *arg)
{
	long stack = WATCHED ?
	    -ENOMEM :
	    os_direct(SYS_mmap, NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	int state, saved = errno;

	if (os_error_of(stack) != 0) {
		what(arg);
		return;
	}
	os_direct(SYS_mprotect, stack, PAGE_BYTES, PROT_NONE);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	if (!switch_to((char *)stack, what, arg)) {
		errno = saved;
		what(arg);
	}
	pthread_setcancelstate(state, &state);
	os_direct(SYS_munmap, stack, STACK_BYTES);
}

#endif /* HAVE_SWAPCONTEXT */
