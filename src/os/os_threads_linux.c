/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * os_threads_linux.c - threads, for the length of one call or to stay. See
 * os.h.
 *
 * Threads for one call are made under locks of the engine, and
 * pthread_create(3) calls malloc, which may be the engine. So these are made by
 * clone(2) as libc's image has it, on stacks that are mapped here and gone when
 * the call returns. What makes that right:
 *
 * - They have no TLS of their own: the register that leads to it is the
 *   caller's. So they may read there (the canary of a stack is there) and must
 *   not write: no errno, no sentence. The caller sleeps until they have ended,
 *   and os/ makes its calls without errno. Sanitizers write to a thread's TLS,
 *   and valgrind knows of no such threads: there none is made.
 * - No signal is handled in them but those that they raise themselves, among
 *   them SIGSYS, by which a sandbox does a call for them.
 * - The kernel clears a thread's number, and wakes the caller, when the thread
 *   has left its stack for good (CLONE_CHILD_CLEARTID).
 * - The caller waits in futex(2), past libc: it is not cancelled there.
 * - A fork takes the lock that the caller holds, and so waits for the end. A
 *   child of clone(2), which takes none, has the forking thread alone, and the
 *   mapping of the stacks, which nobody uses.
 *
 * Where threads cannot be made (a limit, a cgroup, a filter) fewer run.
 *
 * A thread that stays goes through the whole engine, which has TLS: it is one
 * of libc's, made where no lock is held.
 */
#include <limits.h>
#include <link.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/annotate.h"
#include "base/bits.h"
#include "base/page.h"
#include "os/direct.h"
#include "os/libc.h"
#include "os/os.h"
#include "os/os_fault.h"

/* ---- Threads ------------------------------------------------------------- */

/* Four times what a part of populate takes. Below it is a page that guards it,
 * of the system's: PAGE_BYTES are as much as a stack on some processors. */
#define STACK_BYTES (64 * KIB)

#define CPUS_MAX 4096

struct cpus {
	uint64_t bit[CPUS_MAX / 64];
};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WATCHED true
#else
#define WATCHED annotate_is_on()
#endif

static size_t
stack_and_guard(void)
{
	return system_page() + STACK_BYTES;
}

/* At the upper end of its stack. */
struct one {
	_Atomic int id; /* 0: it has ended */
	unsigned number;
	void (*what)(void *arg, unsigned number);
	void *arg;
};

static struct one *
one_on(char *stacks, unsigned number)
{
	return (struct one *)(void *)(stacks +
	    ((size_t)number + 1) * stack_and_guard() -
	    align_up(sizeof(struct one), 64));
}

static int
enter(void *with)
{
	const struct one *one = with;

	one->what(one->arg, one->number);
	return 0;
}

static bool
start(libc_clone_function *make, char *stacks, unsigned number,
    void (*what)(void *arg, unsigned number), void *arg)
{
	struct one *one = one_on(stacks, number);
	int saved = errno, id;

	one->number = number;
	one->what = what;
	one->arg = arg;
	os_direct(SYS_mprotect, stacks + (size_t)number * stack_and_guard(),
	    system_page(), PROT_NONE);
	id = make(enter, one,
	    CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
		CLONE_SYSVSEM | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID,
	    one, &one->id, NULL, &one->id);
	errno = saved;
	return id > 0;
}

static void
wait_for(struct one *one)
{
	int id;

	while ((id = atomic_load(&one->id)) != 0)
		os_direct(SYS_futex, &one->id, FUTEX_WAIT, id, NULL);
}

/* New threads have the mask of the one that makes them: all but the signals
 * that a thread raises itself, and OTHERS. */
static bool
block_signals(uint64_t others, uint64_t *before)
{
	static const int raised[] = { SIGSYS, SIGSEGV, SIGBUS, SIGFPE, SIGILL,
		SIGTRAP };
	uint64_t most = ~others;

	for (size_t i = 0; i < ARRAY_SIZE(raised); i++)
		most &= ~((uint64_t)1 << (raised[i] - 1));
	return os_direct(SYS_rt_sigprocmask, SIG_BLOCK, &most, before,
		   sizeof(most)) == 0;
}

bool
os_thread_is_ending(void)
{
	uint64_t blocked;

	return os_direct(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &blocked,
		   sizeof(blocked)) == 0 &&
	    (blocked >> (32 - 1) & 1) != 0;
}

static void
restore_signals(const uint64_t *before)
{
	os_direct(
	    SYS_rt_sigprocmask, SIG_SETMASK, before, NULL, sizeof(*before));
}

static unsigned
start_all(libc_clone_function *make, char *stacks, unsigned count,
    void (*what)(void *arg, unsigned number), void *arg)
{
	uint64_t before;
	unsigned started = 0;

	if (!block_signals(0, &before))
		return 0;
	while (started < count && start(make, stacks, started, what, arg))
		started++;
	restore_signals(&before);
	return started;
}

unsigned
os_on_threads(
    unsigned count, void (*what)(void *arg, unsigned number), void *arg)
{
	libc_clone_function *make = WATCHED ? NULL : libc_clone();
	size_t bytes = (size_t)count * stack_and_guard();
	unsigned started;
	long stacks;

	if (make == NULL || os_fault(OS_CLONE) != 0)
		return 0;
	stacks = os_direct(SYS_mmap, NULL, bytes, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (os_error_of(stacks) != 0)
		return 0;
	started = start_all(make, (char *)stacks, count, what, arg);
	for (unsigned i = 0; i < started; i++)
		wait_for(one_on((char *)stacks, i));
	os_direct(SYS_munmap, stacks, bytes);
	return started;
}

/* ---- One that stays ------------------------------------------------------ */

#define STAYING_STACK_BYTES (128 * KIB)

/* The TLS that was there when the library was loaded. libc takes all threads'
 * out of their stacks, and refuses a stack only where it leaves next to
 * nothing. */
static size_t tls_bytes;

static int
add_tls(struct dl_phdr_info *info, size_t size, void *to)
{
	(void)size;
	for (unsigned i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_TLS)
			*(size_t *)to += info->dlpi_phdr[i].p_memsz +
			    info->dlpi_phdr[i].p_align;
	return 0;
}

/* What the process could run on, and how long the kernel has such a set; below
 * 0: it said none. */
static long cpus_bytes;
static struct cpus cpus_at_start;

/* With those of libc.c, as other constructors may have the thread made; and
 * before the program binds its threads. */
static __attribute__((constructor(101))) void
look_around(void)
{
	dl_iterate_phdr(add_tls, &tls_bytes);
	cpus_bytes = os_direct(
	    SYS_sched_getaffinity, 0, sizeof(cpus_at_start), &cpus_at_start);
}

/* Signals 32 and 33, by which libc has its threads do something: where the user
 * of the process is changed it waits until each has. */
#define OF_LIBC ((uint64_t)3 << 31)

/* Where libc wants a larger stack still it is as large as any thread's. It is
 * scheduled as an ordinary thread, whoever makes it: one of a high priority
 * would be in the way of the program's, or never run beside them. */
static int
start_detached(void *(*what)(void *arg), void *arg)
{
	static const struct sched_param ordinary;
	pthread_attr_t attributes;
	pthread_t thread;
	int error = pthread_attr_init(&attributes);

	if (error != 0)
		return error;
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, STAYING_STACK_BYTES + tls_bytes);
	pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attributes, SCHED_OTHER);
	pthread_attr_setschedparam(&attributes, &ordinary);
	error = pthread_create(&thread, &attributes, what, arg);
	pthread_attr_destroy(&attributes);
	if (error == EINVAL) {
		error = pthread_create(&thread, NULL, what, arg);
		if (error == 0)
			pthread_detach(thread);
	}
	return error;
}

int
os_start_thread(void *(*what)(void *arg), void *arg)
{
	int error = os_fault(OS_CLONE);
	uint64_t before;

	if (error != 0 || !block_signals(OF_LIBC, &before))
		return error != 0 ? error : EPERM;
	error = start_detached(what, arg);
	restore_signals(&before);
	return error;
}

void
os_run_anywhere(void)
{
	if (cpus_bytes > 0)
		os_direct(SYS_sched_setaffinity, 0, cpus_bytes, &cpus_at_start);
}

/* ---- Where they run ------------------------------------------------------ */

/* Adds the processors of a node: "ff,00000001" of sysfs, the lowest last.
 * Returns whether the node is there; ANY: whether it has some. */
static bool
add_cpus(unsigned node, struct cpus *cpus, bool *any)
{
	char path[64], text[CPUS_MAX / 32 * 9 + 1];
	size_t length, bit = 0;

	*any = false;
	snprintf(
	    path, sizeof(path), "/sys/devices/system/node/node%u/cpumap", node);
	if (os_read_text(path, text, sizeof(text)) != 0)
		return false;
	for (length = __builtin_strlen(text); length-- > 0;) {
		char digit[2] = { text[length], '\0' };
		uint64_t four = strtoul(digit, NULL, 16);

		if (text[length] == ',' || text[length] == '\n')
			continue;
		*any |= four != 0;
		cpus->bit[bit / 64] |= four << bit % 64;
		bit += 4;
	}
	return true;
}

/* The nearest node to NODE, which has no processors, that has some; NODE where
 * nobody knows. The distances are those to all nodes that there are. */
static unsigned
nearest_with_cpus(unsigned node)
{
	char path[64], text[512], *at = text, *end;
	unsigned long least = ULONG_MAX, distance;
	unsigned nearest = node;
	bool any;

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%u/distance",
	    node);
	if (os_read_text(path, text, sizeof(text)) != 0)
		return node;
	for (unsigned other = 0; other < 1024; other++) {
		struct cpus unused = { { 0 } };

		if (!add_cpus(other, &unused, &any))
			continue;
		distance = strtoul(at, &end, 10);
		if (end == at)
			break;
		at = end;
		if (any && distance < least) {
			least = distance;
			nearest = other;
		}
	}
	return nearest;
}

/* A thread that is pinned to one processor makes threads that are, too: it is
 * not asked where it may run, and what the cpuset forbids the kernel leaves
 * out. */
void
os_run_near(const uint64_t *nodes, unsigned bits)
{
	struct cpus cpus = { { 0 } };
	bool any;

	for (unsigned node = 0; node < bits; node++)
		if (bits_test(nodes, node) && add_cpus(node, &cpus, &any) &&
		    !any)
			add_cpus(nearest_with_cpus(node), &cpus, &any);
	os_direct(SYS_sched_setaffinity, 0, sizeof(cpus), &cpus);
}
