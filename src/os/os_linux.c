/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * os_linux.c - addresses, pages, processors and threads of os.h on Linux.
 *
 * Owns two facts that are read once: how many processors there are, and
 * whether the kernel can populate. Called by everything above. Takes no lock.
 * What communication libraries watch is called in libc (libc.h), the rest by a
 * direct system call; nothing here is a point at which a thread is cancelled.
 *
 * What older kernels lack is used where it is there, with another way for the
 * others: membarrier(2), private expedited, and MADV_WIPEONFORK of Linux 4.14,
 * MAP_FIXED_NOREPLACE of 4.17, MADV_POPULATE_WRITE of 5.14,
 * MADV_DONTNEED_LOCKED of 5.18. Calls that a signal interrupts are repeated.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/membarrier.h>
#include <linux/prctl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/annotate.h"
#include "base/page.h"
#include "os/direct.h"
#include "os/lines.h"
#include "os/libc.h"
#include "os/os.h"
#include "os/os_fault.h"

/* What older headers lack; the numbers are the kernel's, for ever. */
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif
#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1
#endif
#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif
#ifndef MAP_HUGE_SHIFT
#define MAP_HUGE_SHIFT 26
#endif
#ifndef EHWPOISON
#define EHWPOISON 133
#endif

#define GUARD_BYTES PAGE_BYTES
#define MAP_AT_ONCE (256 * KIB)
#define PROCESSORS_MAX 8192

#if defined(__SANITIZE_THREAD__)
#define THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define THREAD_SANITIZER 1
#endif
#endif

static int
advise(void *addr, size_t bytes, int advice)
{
	return libc_madvise(addr, bytes, advice);
}

/*
 * ---- Addresses --------------------------------------------------------------
 */

int
os_make_unusable(void *addr, size_t bytes)
{
	int err = os_fault(OS_MAKE_UNUSABLE);

	if (err != 0)
		return err;
	return os_direct_error(SYS_mprotect, addr, bytes, PROT_NONE);
}

/* Of SLACK bytes more than BYTES at START, mapped for the sake of ALIGNMENT,
 * gives back what lies outside; where the rest begins. */
static char *
give_back_slack(char *start, size_t bytes, size_t alignment, size_t slack)
{
	size_t before = align_up((size_t)start, alignment) - (size_t)start;
	char *aligned = start + before;

	if (before != 0)
		libc_munmap(start, before);
	if (before != slack)
		libc_munmap(aligned + bytes, slack - before);
	return aligned;
}

/* mmap(2) aligns to a page of the system only, so this takes an alignment more
 * than is wanted and gives back what lies outside. Should giving back fail (the
 * process has all the mappings it may have), the excess stays reserved, which
 * costs addresses alone. MAP_NORESERVE: what is made writable later does not
 * count against the kernel's overcommit, except in mode 2, which ignores the
 * flag. */
int
os_reserve(size_t bytes, size_t alignment, void **addr)
{
	size_t slack = alignment - system_page();
	size_t total;
	void *mapped = NULL;
	int err = os_fault(OS_RESERVE);

	if (err != 0)
		return err;
	if (__builtin_add_overflow(bytes, GUARD_BYTES + slack, &total))
		return ENOMEM;
	err = libc_mmap(&mapped, total, PROT_NONE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (err != 0)
		return err;
	*addr = give_back_slack(mapped, bytes + GUARD_BYTES, alignment, slack);
	return 0;
}

/* What is mapped, and how much of it is read at a time: this runs in fork
 * handlers, too, on the stack of whoever forks. */
#define MAPS "/proc/self/maps"
#define MAPS_PIECE 1024

static const char *
read_hex(const char *text, uintptr_t *value)
{
	*value = 0;
	for (;; text++) {
		if (*text >= '0' && *text <= '9')
			*value = *value * 16 + (uintptr_t)(*text - '0');
		else if (*text >= 'a' && *text <= 'f')
			*value = *value * 16 + (uintptr_t)(*text - 'a' + 10);
		else
			return text;
	}
}

/* The first gap of BYTES at START or above: in front of a mapping, or behind
 * the last. The kernel lists mappings in the order of addresses. */
struct gap {
	uintptr_t start;
	size_t bytes, alignment;
	bool found;
};

static void
look_for_gap(void *to, const char *line)
{
	struct gap *gap = to;
	uintptr_t low, high;
	const char *at = read_hex(line, &low);

	if (gap->found || *at != '-')
		return;
	read_hex(at + 1, &high);
	gap->found = low >= gap->start && low - gap->start >= gap->bytes;
	if (!gap->found && high > gap->start)
		gap->start = align_up(high, gap->alignment);
}

/* Another thread may map something into the gap meanwhile: so the caller uses
 * MAP_FIXED_NOREPLACE, and goes elsewhere if that fails. */
static uintptr_t
find_gap(uintptr_t start, size_t bytes, size_t alignment)
{
	struct gap gap = { align_up(start, alignment), bytes, alignment,
		false };
	char buffer[MAPS_PIECE];

	os_each_line(MAPS, buffer, sizeof(buffer), look_for_gap, &gap);
	return gap.start;
}

struct shared_visit {
	void (*visit)(void *to, uintptr_t low, uintptr_t high);
	void *to;
};

/* Of a line "low-high rwxs ...", as far as it was read. */
static void
visit_if_shared(void *to, const char *line)
{
	const struct shared_visit *shared = to;
	uintptr_t low, high;
	const char *at = read_hex(line, &low);

	if (*at++ != '-')
		return;
	at = read_hex(at, &high);
	if (at[0] == ' ' && strnlen(at, 5) == 5 && at[4] == 's')
		shared->visit(shared->to, low, high);
}

/* An error number where /proc cannot be read. */
int
os_each_shared_mapping(
    void (*visit)(void *to, uintptr_t low, uintptr_t high), void *to)
{
	struct shared_visit shared = { visit, to };
	char buffer[MAPS_PIECE];

	return os_each_line(
	    MAPS, buffer, sizeof(buffer), visit_if_shared, &shared);
}

/* A hint is a wish: where it cannot be met (before Linux 4.17 the kernel may
 * ignore MAP_FIXED_NOREPLACE and answer another address) the memory lies
 * anywhere. */
int
os_reserve_above(uintptr_t hint, size_t bytes, size_t alignment, void **addr)
{
	size_t total = bytes + GUARD_BYTES;
	void *at, *got;

	if (hint == 0 || total < bytes || align_up(hint, alignment) < hint)
		return os_reserve(bytes, alignment, addr);
	at = (void *)find_gap(hint, total, alignment);
	got = at;
	if (libc_mmap(&got, total, PROT_NONE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
		    MAP_FIXED_NOREPLACE,
		-1, 0) == 0) {
		*addr = at;
		if (got == at)
			return 0;
		libc_munmap(got, total);
	}
	return os_reserve(bytes, alignment, addr);
}

void
os_unreserve(void *addr, size_t bytes)
{
	os_unmap(addr, bytes + GUARD_BYTES);
}

int
os_make_usable(void *addr, size_t bytes)
{
	int err = os_fault(OS_MAKE_USABLE);

	if (err != 0)
		return err;
	return os_direct_error(
	    SYS_mprotect, addr, bytes, PROT_READ | PROT_WRITE);
}

int
os_make_usable_anew(void *addr, size_t bytes)
{
	return libc_mmap(&addr, bytes, PROT_READ | PROT_WRITE,
	    MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

/* Maps BYTES of memory at a multiple of PAGE_BYTES. Where the system's pages
 * are as large, that is one system call. */
static int
map_aligned(size_t bytes, int protection, void **start)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
	size_t slack = PAGE_BYTES - system_page();
	int err;

	if (bytes > SIZE_MAX - slack)
		return ENOMEM;
	err = libc_mmap(start, bytes + slack, protection, flags, -1, 0);
	if (err != 0 || slack == 0)
		return err;
	*start = give_back_slack(*start, bytes, PAGE_BYTES, slack);
	return 0;
}

/*
 * Maps memory of which most will never be touched. In a process that called
 * mlockall(MCL_FUTURE) the kernel takes pages for all of a mapping as soon as
 * it is writable, which for the marks of the largest segment would be a GiB. So
 * it is mapped unreadable, and its first page is made writable: if that page is
 * there, although nobody has touched it, the process locks its memory.
 * Then mlock2(2) has pages locked as they are touched (MLOCK_ONFAULT), or,
 * where that may not be, none is locked. Only then is all of it made writable.
 */
static int
map_locked_lazily(size_t bytes, void **start)
{
	unsigned char there = 0;
	int err = map_aligned(bytes, PROT_NONE, start);

	if (err != 0)
		return err;
	err = os_make_usable(*start, system_page());
	if (err == 0 &&
	    os_direct(SYS_mincore, *start, system_page(), &there) == 0 &&
	    (there & 1) != 0 &&
	    os_direct(SYS_mlock2, *start, bytes, MLOCK_ONFAULT) != 0)
		os_direct(SYS_munlock, *start, bytes);
	if (err == 0)
		err = os_make_usable(*start, bytes);
	if (err == 0)
		return 0;
	libc_munmap(*start, bytes);
	return os_is_refused(err) ?
	    map_aligned(bytes, PROT_READ | PROT_WRITE, start) :
	    err;
}

/* Mappings up to MAP_AT_ONCE are made in one system call; those from 2 MiB on
 * are kept from transparent huge pages, since a system that makes all memory
 * huge would have a few bits in a map cost 2 MiB each. */
int
os_map(size_t bytes, void **addr)
{
	int err = os_fault(OS_MAP);
	void *start = NULL;

	if (err == 0 && bytes > MAP_AT_ONCE)
		err = map_locked_lazily(bytes, &start);
	else if (err == 0)
		err = map_aligned(bytes, PROT_READ | PROT_WRITE, &start);
	if (err != 0)
		return err;
	if (bytes >= 2 * MIB)
		os_advise_huge(start, bytes, false);
	*addr = start;
	return 0;
}

/* A range in the midst of a mapping cannot be unmapped when the process has all
 * the mappings it may have (ENOMEM), as that makes two of one: then its pages
 * go, and its addresses stay, lost. */
void
os_unmap(void *addr, size_t bytes)
{
	if (libc_munmap(addr, bytes) != 0)
		libc_madvise(addr, bytes, MADV_DONTNEED);
}

static int
map_file(void *addr, size_t bytes, int fd, off_t offset, bool private_copy,
    int protection)
{
	int flags = MAP_FIXED | MAP_NORESERVE;
	int err = os_fault(OS_MAP_FILE);

	if (err != 0)
		return err;
	flags |= private_copy ? MAP_PRIVATE : MAP_SHARED;
	return libc_mmap(&addr, bytes, protection, flags, fd, offset);
}

int
os_map_file(void *addr, size_t bytes, int fd, off_t offset, bool private_copy)
{
	return map_file(
	    addr, bytes, fd, offset, private_copy, PROT_READ | PROT_WRITE);
}

int
os_map_file_closed(
    void *addr, size_t bytes, int fd, off_t offset, bool private_copy)
{
	return map_file(addr, bytes, fd, offset, private_copy, PROT_NONE);
}

/* mremap(2) with an old length of 0 makes a second mapping of what is shared,
 * from the seed's place in the file on, and of any length: it needs neither the
 * descriptor nor the name of the file. Directly: what it covers is a
 * reservation, on which nothing can be registered. */
int
os_map_on(void *seed, void *addr, size_t bytes)
{
	int err = os_fault(OS_MAP_FILE);

	if (err != 0)
		return err;
	long got = os_direct(
	    SYS_mremap, seed, 0, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, addr);

	return got == (long)addr ? 0 : (int)-got;
}

/* By a new mapping in one step: with munmap(2) another thread could map
 * something into the hole before it is reserved again. */
int
os_cover(void *addr, size_t bytes)
{
	return libc_mmap(&addr, bytes, PROT_NONE,
	    MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

int
os_move(void *from, size_t bytes, void *to)
{
	return libc_move(from, bytes, to);
}

/* For a size of pages that the machine does not have the kernel says EINVAL, or
 * ENOENT if it could not set that size up; both are ENODEV here, as nothing
 * else in the call can be invalid. */
int
os_map_huge(void *addr, size_t bytes, size_t page)
{
	int flags = MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
	    MAP_HUGETLB | (__builtin_ctzl(page) << MAP_HUGE_SHIFT);
	int err = os_fault(OS_MAP_HUGE);

	invariant(is_aligned((size_t)addr | bytes, page));
	if (err != 0)
		return err;
	/* Unreadable at first: mlockall(2) would take all of it. */
	err = libc_mmap(&addr, bytes, PROT_NONE, flags, -1, 0);
	if (err == 0)
		err = os_make_usable(addr, bytes);
	if (os_is_refused(err))
		err = libc_mmap(
		    &addr, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (err == EINVAL || err == ENOENT || err == ENOSYS)
		return ENODEV;
	return err;
}

/*
 * ---- Pages ------------------------------------------------------------------
 */

/* Whether the kernel knows MADV_POPULATE_WRITE, tried once on a page of our
 * own. No page to try it on is not an answer, and is not kept. */
static bool
can_populate(void)
{
	static _Atomic signed char known;
	signed char answer = atomic_load_explicit(&known, memory_order_relaxed);
	void *page = NULL;

	if (answer != 0)
		return answer > 0;
	if (libc_mmap(&page, PAGE_BYTES, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != 0)
		return true;
	answer = advise(page, PAGE_BYTES, MADV_POPULATE_WRITE) == EINVAL ? -1 :
									   1;
	libc_munmap(page, PAGE_BYTES);
	atomic_store_explicit(&known, answer, memory_order_relaxed);
	return answer > 0;
}

/* Has the kernel write to a page, by a call that every process may make: where
 * a touch would raise SIGBUS the call says EFAULT. rt_sigprocmask(2), asked for
 * the mask and told to change nothing, writes 8 bytes; clock_gettime(2) 16.
 * What they leave there is made zero again: the page was new, or nobody's. */
static int
touch(uint64_t *page)
{
	int err = os_direct_error(
	    SYS_rt_sigprocmask, SIG_BLOCK, NULL, page, sizeof(*page));

	if (os_is_refused(err))
		err = os_direct_error(SYS_clock_gettime, CLOCK_MONOTONIC, page);
	if (err == 0)
		page[0] = page[1] = 0;
	return err;
}

/* What MADV_POPULATE_WRITE does, where madvise(2) is refused. */
static int
populate_by_touch(char *addr, size_t bytes)
{
	int err = 0;

	for (size_t at = 0; at < bytes && err == 0; at += system_page())
		err = touch((uint64_t *)(void *)(addr + at));
	return err;
}

static int
populate(char *addr, size_t bytes)
{
	int err;

	do
		err = advise(addr, bytes, MADV_POPULATE_WRITE);
	while (err == EINTR || err == EAGAIN);
	return err == EFAULT || err == ENOSPC || err == EHWPOISON ? ENOMEM :
								    err;
}

/*
 * MADV_POPULATE_WRITE does for each page what a write would, so that the page
 * is there and writable, and does not change what it holds. EFAULT is what it
 * says where the write would have raised SIGBUS: the file system is full, or no
 * huge page is left; callers get ENOMEM for it. EINVAL may come of a kernel
 * that does not know the advice or of a range that cannot be populated:
 * can_populate() finds out which, once.
 *
 * After a failure the pages in front of the one that failed are there.
 */
int
os_populate(void *addr, size_t bytes)
{
	int err = os_fault(OS_POPULATE);

	if (err != 0)
		return err;
	err = populate(addr, bytes);
	if (os_is_refused(err))
		err = populate_by_touch(addr, bytes);
	if (err == EINVAL)
		return can_populate() ? EINVAL : ENOSYS;
	return err == EFAULT ? ENOMEM : err;
}

/* A touch that changes nothing, as other threads may be writing there. Space
 * and huge pages were taken when the range was handed out, so it raises no
 * SIGBUS. */
int
os_populate_used(void *addr, size_t bytes)
{
	int err = os_fault(OS_POPULATE);

	if (err == 0)
		err = populate(addr, bytes);
	if (err != EINVAL && !os_is_refused(err))
		return err;
	for (size_t at = 0; at < bytes; at += system_page())
		__atomic_fetch_or((char *)addr + at, 0, __ATOMIC_RELAXED);
	return 0;
}

/* Locked pages (mlockall) are EINVAL to MADV_DONTNEED, and need
 * MADV_DONTNEED_LOCKED of Linux 5.18. Before that, huge pages are EINVAL to
 * both. Where neither helps they stay, and the caller counts them as
 * committed. */
int
os_discard(void *addr, size_t bytes)
{
	int err = os_fault(OS_DISCARD);

	if (err != 0)
		return err;
	err = advise(addr, bytes, MADV_DONTNEED);
	if (err == EINVAL)
		err = advise(addr, bytes, MADV_DONTNEED_LOCKED);
	return err;
}

/* EINVAL where the pages are locked, EOPNOTSUPP where the file system punches
 * no holes: then they stay, and the caller counts them as committed. */
int
os_punch(void *addr, size_t bytes)
{
	int err = os_fault(OS_PUNCH);

	if (err != 0)
		return err;
	do
		err = advise(addr, bytes, MADV_REMOVE);
	while (err == EINTR);
	return err;
}

int
os_advise_huge(void *addr, size_t bytes, bool want)
{
	return advise(addr, bytes, want ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
}

int
os_set_inherited(void *addr, size_t bytes, bool inherited)
{
	int err = os_fault(OS_SET_INHERITED);

	if (err != 0)
		return err;
	return advise(addr, bytes, inherited ? MADV_DOFORK : MADV_DONTFORK);
}

int
os_wipe_in_child(void *addr, size_t bytes)
{
	return advise(addr, bytes, MADV_WIPEONFORK);
}

int
os_advise_access(void *addr, size_t bytes, enum os_advice how)
{
	static const int advice[] = {
		[OS_NORMAL] = MADV_NORMAL,
		[OS_RANDOM] = MADV_RANDOM,
		[OS_SEQUENTIAL] = MADV_SEQUENTIAL,
	};

	return advise(addr, bytes, advice[how]);
}

/* Asks in pieces, a byte of the stack for each page. */
int
os_resident(void *addr, size_t bytes, size_t *resident)
{
	unsigned char pages[1024];
	size_t page = system_page(), done, step, i;

	*resident = 0;
	for (done = 0; done < bytes; done += step) {
		step = min_size(bytes - done, sizeof(pages) * page);
		int err = os_direct_error(
		    SYS_mincore, (char *)addr + done, step, pages);

		if (err != 0)
			return err;
		for (i = 0; i < step / page; i++)
			*resident += pages[i] & 1 ? page : 0;
	}
	return 0;
}

/* msync(2) with MS_ASYNC writes nothing and looks at no page, but answers
 * ENOMEM where a part of the range is not mapped. valgrind's tools take it for
 * a read of all of it, which would race with threads that write to their
 * blocks, so there mincore(2) has to do. */
bool
os_is_mapped(void *addr, size_t bytes)
{
	size_t resident;

	if (unlikely(annotate_is_on()))
		return os_resident(addr, bytes, &resident) != ENOMEM;
	return os_direct_error(SYS_msync, addr, bytes, MS_ASYNC) != ENOMEM;
}

/* Has rt_sigprocmask(2) do something that there is not: the kernel reads the
 * mask before it looks at what is to be done with it. Of the calls that read
 * memory and have no effect it is the one that no sandbox forbids. */
bool
os_is_readable(const void *addr)
{
	int error = os_direct_error(
	    SYS_rt_sigprocmask, -1, addr, NULL, sizeof(uint64_t));

	return error == EINVAL;
}

/*
 * ---- Processors and threads -------------------------------------------------
 */

int
os_process(void)
{
	return (int)os_direct(SYS_getpid);
}

bool
os_is_first_thread(void)
{
	return os_direct(SYS_gettid) == os_direct(SYS_getpid);
}

/* The kernel keeps the first thread, as one that has ended (Z), and counts it
 * (the 17th word behind that), as long as there are others. */
bool
os_is_last_thread(void)
{
	char text[512];
	const char *at = NULL;

	if (os_read_text("/proc/self/stat", text, sizeof(text)) == 0)
		at = strrchr(text, ')');
	if (at == NULL || strncmp(at, ") Z ", 4) != 0)
		return false;
	at += 2;
	for (unsigned i = 0; i < 17 && at != NULL; i++)
		at = strchr(at + 1, ' ');
	return at != NULL && strtoul(at, NULL, 10) == 2;
}

void
os_thread_name(char name[OS_THREAD_NAME])
{
	if (os_direct_error(SYS_prctl, PR_GET_NAME, name) != 0)
		name[0] = '\0';
}

void
os_name_thread(const char *name)
{
	os_direct(SYS_prctl, PR_SET_NAME, name);
}

static void
take_name(void *to, const char *line)
{
	strncpy(to, line, OS_THREAD_NAME - 1);
}

void
os_program_name(char name[OS_THREAD_NAME])
{
	char buffer[OS_THREAD_NAME];

	memset(name, 0, OS_THREAD_NAME);
	os_each_line(
	    "/proc/self/comm", buffer, sizeof(buffer), take_name, name);
}

/* By the affinity of the calling thread, and not by sysconf(3), which opens
 * files. Read once: it decides how long to spin and how many arenas a heap may
 * have, where an old answer does no harm. */
unsigned
os_processors(void)
{
	static _Atomic unsigned known;
	unsigned count = atomic_load_explicit(&known, memory_order_relaxed);
	uint64_t set[PROCESSORS_MAX / 64] = { 0 };
	size_t i;

	if (count != 0)
		return count;
	if (os_direct(SYS_sched_getaffinity, 0, sizeof(set), set) > 0)
		for (i = 0; i < ARRAY_SIZE(set); i++)
			count += (unsigned)__builtin_popcountll(set[i]);
	count = count != 0 ? count : 1;
	atomic_store_explicit(&known, count, memory_order_relaxed);
	return count;
}

/* ThreadSanitizer cannot see what membarrier(2) orders: under it callers are
 * to use what they use on kernels without it. */
bool
os_barrier_prepare(void)
{
#ifdef THREAD_SANITIZER
	return false;
#else
	if (os_fault(OS_BARRIER_PREPARE) != 0)
		return false;
	return os_direct(SYS_membarrier,
		   MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0;
#endif
}

/*
 * What is done instead of membarrier(2) if a filter that was set after
 * os_barrier_prepare() had succeeded refuses it. By then threads enter their
 * caches without a fence of their own (arena/revocation.h), and telling them to
 * use one would itself take such a barrier. So every other thread of the
 * process is to pass a full barrier before this returns, by other means:
 *
 * 1. A page is touched and unmapped. On x86-64 the kernel then has each
 *    processor that runs a thread of the process forget the page before
 *    munmap(2) returns: it sends them an interrupt and waits for all answers.
 *    The handler takes its queue of work by an atomic exchange, which is a full
 *    barrier on x86-64. A thread that is not running passes one when it is
 *    switched from or to. The touch is needed: of a page that was never there
 *    nothing is to be forgotten.
 *
 * 2. A millisecond passes. Where step 1 proves nothing, this is all that there
 *    is: a store leaves its processor's buffer within microseconds, whatever
 *    else the processor does. So a millisecond later every other thread sees
 *    our stores; and if it has read an older value until then, what it had
 *    stored before that is visible here.
 *
 * What remains. Step 1 is how kernels work and not what they promise, and on
 * AArch64 it is no proof: processors are told to forget a page by an
 * instruction that broadcasts (TLBI), without an interrupt, and so are those
 * AMD processors that have INVLPGB, from Linux 6.15 on, for processes on
 * several processors. It does nothing where no page can be mapped. And no
 * processor's manual gives a bound for step 2. If both failed, two threads
 * would be in one cache at once, and a block might be handed out twice. The
 * alternatives are worse: never to empty another thread's cache, not even at a
 * fork, or to end the process.
 */
static void
barrier_by_hand(void)
{
	const struct timespec while_stores_drain = { .tv_nsec = 1000000 };
	void *page = NULL;

	if (os_map(PAGE_BYTES, &page) == 0) {
		*(volatile char *)page = 1;
		os_unmap(page, PAGE_BYTES);
	}
	os_direct(
	    SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &while_stores_drain, NULL);
	atomic_thread_fence(memory_order_seq_cst);
}

/* A filter may be set at any time, so each call that fails is followed by the
 * slow way. The expedited command (Linux 4.14) interrupts only the processors
 * that run a thread of this process, and takes microseconds; the plain one
 * waits for all processors to be switched, for milliseconds. */
void
os_barrier(void)
{
	if (os_direct(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED) != 0)
		barrier_by_hand();
}

unsigned
os_node(void)
{
	return libc_node();
}

/* The coarse clock is read without a system call, and is late by up to a tick
 * of the kernel, 1 to 10 ms: what is timed here takes longer. */
uint64_t
os_now_ms(void)
{
	struct timespec now = { 0 };

	libc_clock(CLOCK_MONOTONIC_COARSE, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000 +
	    os_clock_ahead();
}

uint64_t
os_now_ns(void)
{
	struct timespec now = { 0 };

	libc_clock(CLOCK_MONOTONIC, &now);
	return ((uint64_t)now.tv_sec * 1000 + os_clock_ahead()) * 1000000 +
	    (uint64_t)now.tv_nsec;
}

void
os_keep_rate(uint64_t begin, size_t bytes, size_t rate)
{
	uint64_t due, now;

	if (rate == 0)
		return;
	due = begin + (uint64_t)((double)bytes / (double)rate * 1e9);
	while ((now = os_now_ns()) < due) {
		struct timespec time = {
			.tv_sec = (time_t)((due - now) / 1000000000),
			.tv_nsec = (long)((due - now) % 1000000000),
		};

		os_direct(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &time, NULL);
	}
}
