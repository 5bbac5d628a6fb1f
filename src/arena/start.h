/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * start.h - jemalloc made ready, and kept whole over fork.
 *
 * jemalloc is made ready with the first heap. A fork in the midst of that would
 * leave the child with half of it, so the lock that stands around it, the
 * outermost one of this folder, is taken at every fork.
 */
#ifndef ARENA_START_H
#define ARENA_START_H

#include <stdbool.h>

/* Whether jemalloc is ready, which it is made if need be; false: there is no
 * memory. Another call tries again. */
bool start_jemalloc(void);

/* Around a fork, outermost: between the two nobody makes jemalloc ready, and
 * the calling thread may call it. */
void start_hold(void);
void start_release(void);

/* jemalloc's own locks, when nobody is in an arena; innermost. */
void start_prefork(void);
void start_postfork_parent(void);
void start_postfork_child(void);

#endif /* ARENA_START_H */
