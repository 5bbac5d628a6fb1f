/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tsd.h - jemalloc's record of the calling thread, in memory of ours.
 *
 * Left alone jemalloc allocates it, keeps it under a key of pthreads, and
 * prints a line and aborts where it can do neither. Here it is part of the
 * thread's record (structures.h), which goes when the thread ends. A thread
 * without a record, because there is no memory for one or its last destructors
 * are running, borrows one of those that all threads share, for as long as it
 * is in an arena. A few of these need no memory; if all are out, the thread
 * waits until one is given back.
 *
 * Locks: that of the free shared records, under which nothing else is called.
 * Whoever has a shared record is inside an arena and waits there for nobody who
 * wants one.
 */
#ifndef ARENA_TSD_H
#define ARENA_TSD_H

#include <stdbool.h>
#include <stddef.h>

/* Of the calling thread; NULL outside of arenas if it has none of its own. */
extern _Thread_local void *thread_tsd
    __attribute__((tls_model("initial-exec"), visibility("hidden")));

/* Around what calls jemalloc: nests. */
void tsd_borrow(void);
void tsd_give_back(void);

/* How often the thread borrowed; 0 if it has its own. */
extern _Thread_local unsigned thread_borrows
    __attribute__((tls_model("initial-exec"), visibility("hidden")));

static inline void
tsd_enter(void)
{
	if (__builtin_expect(thread_tsd == NULL || thread_borrows != 0, 0))
		tsd_borrow();
}

static inline void
tsd_leave(void)
{
	if (__builtin_expect(thread_borrows != 0, 0))
		tsd_give_back();
}

/* Bytes of a record; the making of the calling thread's, and the ending of its
 * own or of that of a thread which is gone. */
#define TSD_BYTES 4096
void tsd_begin(void *memory);
void tsd_end(void *memory);

/* Makes jemalloc's record of where a thread last found blocks: struct
 * lookup. */
void tsd_begin_lookups(void *memory);

/* The record that jemalloc starts with, which is a shared one afterwards. */
void tsd_start(void);
void tsd_started(void);

/* Around fork: nobody else is in an arena then. */
void tsd_shared_prefork(void);
void tsd_shared_postfork(void);

#endif /* ARENA_TSD_H */
