/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fork.h - the heap over fork(2).
 *
 * What becomes of the pool is the engine's matter; here the child is ended
 * where VMMALLOC_FORK promises something that cannot be had. Owns the handlers.
 * They are registered before those of other libraries, so that they run last
 * before the fork and first after it: the handlers of others never run while
 * the heap is locked, and may allocate.
 */
#ifndef VMMALLOC_FORK_H
#define VMMALLOC_FORK_H

/* Registers the handlers, if that is still to be done; ends the process when it
 * cannot. */
void fork_open(void);

/* What the handlers do, around a system call that makes a child past fork(2).
 * In the child the process is ended where it has no heap. */
void fork_begin(void);
void fork_end_in_parent(void);
void fork_end_in_child(void);

#endif /* VMMALLOC_FORK_H */
