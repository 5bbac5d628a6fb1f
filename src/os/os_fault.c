/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * os_fault.c - what only the debug library does: faults, and the end after a
 * broken invariant.
 *
 * Owns one armed fault per call of os.h. Set by tests, read by the calls, from
 * any thread; no lock, one atomic word a call. A test arms the n-th call of a
 * kind and, with a loop over n, sees every path that a failure can take; the
 * same seam lets the clock run ahead and has /proc and /sys read from a
 * directory that the test made.
 *
 * A fault stands for what the system answers, not for what the function of os.h
 * does: where that has a second way (os_is_refused()) it is taken.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "os/os.h"
#include "os/os_fault.h"

#ifdef POOLKIND_DEBUG

/* A fault as one word: calls still to count in the upper half, the error
 * number and whether it repeats in the lower one. 0 is not a fault. */
#define FAULT_COUNT_SHIFT 32
#define FAULT_REPEAT ((uint64_t)1 << 31)
#define FAULT_ERRNUM (FAULT_REPEAT - 1)

static _Atomic uint64_t faults[OS_CALLS];
static _Atomic uint64_t clock_ahead;
static const char *_Atomic root;

/* A fault is one word, so that a call by another thread meets the old one or
 * the new one, and never the count of one with the number of the other. */
void
os_fault_at(enum os_call call, unsigned nth, int errnum, bool repeat)
{
	uint64_t fault = 0;

	if (nth != 0) {
		fault = (uint64_t)nth << FAULT_COUNT_SHIFT;
		fault |= (uint64_t)errnum & FAULT_ERRNUM;
		fault |= repeat ? FAULT_REPEAT : 0;
	}
	atomic_store(&faults[call], fault);
}

/* Counts this call; when the count is used up, returns the number: once, or, if
 * the fault repeats, for every call until it is taken away. The
 * compare-and-swap makes sure that exactly one thread meets a fault that does
 * not repeat. */
int
os_fault(enum os_call call)
{
	uint64_t fault = atomic_load(&faults[call]);
	uint64_t next;

	do {
		if (fault == 0)
			return 0;
		if (fault >> FAULT_COUNT_SHIFT > 1)
			next = fault - ((uint64_t)1 << FAULT_COUNT_SHIFT);
		else
			next = fault & FAULT_REPEAT ? fault : 0;
	} while (!atomic_compare_exchange_weak(&faults[call], &fault, next));
	if (fault >> FAULT_COUNT_SHIFT > 1)
		return 0;
	return (int)(fault & FAULT_ERRNUM);
}

void
os_clock_advance(uint64_t ms)
{
	atomic_fetch_add(&clock_ahead, ms);
}

uint64_t
os_clock_ahead(void)
{
	return atomic_load(&clock_ahead);
}

void
os_root_at(const char *directory)
{
	atomic_store(&root, directory);
}

const char *
os_root(void)
{
	const char *directory = atomic_load(&root);

	return directory == NULL ? "" : directory;
}

/* Writes where an invariant was broken, by one write(2), and aborts. Only in
 * the debug library; in the other one invariant() is no code. Here rather than
 * in base/, which knows no system call. */
void
invariant_failed(const char *what, const char *file, int line)
{
	char text[512];
	int length;

	length = snprintf(text, sizeof(text),
	    "poolkind: %s:%d: invariant broken: %s\n", file, line, what);
	os_write(
	    STDERR_FILENO, text, min_size((size_t)length, sizeof(text) - 1));
	abort();
}

#else /* POOLKIND_DEBUG */

void
os_fault_at(enum os_call call, unsigned nth, int errnum, bool repeat)
{
	(void)call;
	(void)nth;
	(void)errnum;
	(void)repeat;
}

void
os_clock_advance(uint64_t ms)
{
	(void)ms;
}

void
os_root_at(const char *directory)
{
	(void)directory;
}

#endif /* POOLKIND_DEBUG */
