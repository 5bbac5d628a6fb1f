/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fork.h - the heap over fork(2).
 *
 * Owns the handlers. Lock order: jemalloc's locks, then the source's, then that
 * of the records. Being registered before anybody else's, our handlers run
 * last before the fork and first after it, so those of others may allocate.
 */
#ifndef VMMALLOC_FORK_H
#define VMMALLOC_FORK_H

/* Registers the handlers; ends the process when it cannot. */
void fork_open(void);

#endif /* VMMALLOC_FORK_H */
