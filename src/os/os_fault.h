/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * os_fault.h - the seam at which tests make system calls fail.
 *
 * Called at the head of every function of os.h that can fail. Takes no lock.
 * Costs nothing in a library built without POOLKIND_DEBUG.
 */
#ifndef OS_OS_FAULT_H
#define OS_OS_FAULT_H

#include "os/os.h"

#ifdef POOLKIND_DEBUG
/* The error number that this call of CALL has to fail with, or 0. */
int os_fault(enum os_call call);

/* By how much os_clock_advance() made the clock later. */
uint64_t os_clock_ahead(void);

/* What os_root_at() said, or "". */
const char *os_root(void);
#else
static inline int
os_fault(enum os_call call)
{
	(void)call;
	return 0;
}

static inline uint64_t
os_clock_ahead(void)
{
	return 0;
}

static inline const char *
os_root(void)
{
	return "";
}
#endif

#endif /* OS_OS_FAULT_H */
