/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * live.h - which blocks a program holds, in the debug library.
 *
 * Each kind has a table of its blocks with the sizes that were asked for. So a
 * block that is freed twice, a slot that was never handed out and a size that
 * is not the block's are all reported, and nothing else is. Where there is no
 * memory for the table it is given up: what the program says of the kind's
 * blocks is believed from there on.
 *
 * Marks in slabs would need no table, but cannot tell a block in a thread's
 * cache from one in use.
 *
 * Asked before a block goes back and told after it came, with no other lock
 * than valgrind's held. One lock for all tables, after all others but that of
 * records.
 */
#ifndef KIND_LIVE_H
#define KIND_LIVE_H

#include "base/base.h"

struct live_block {
	const void *ptr;
	size_t asked;
};

struct live {
	struct live_block *blocks; /* a hash table, by linear probing */
	size_t slots, count;       /* slots: a power of two, or 0 */
	bool unknown;              /* given up */
};

enum live_answer { LIVE, NOT_LIVE, LIVE_UNKNOWN };

#ifdef POOLKIND_DEBUG

/* Enters a block, or changes its size. */
void live_add(struct live *live, const void *ptr, size_t asked);

/* Whether PTR is a live block, and the size asked for, into *ASKED unless that
 * is NULL; live_take() takes the block out of the table as well. LIVE_UNKNOWN
 * where the table was given up. */
enum live_answer live_find(struct live *live, const void *ptr, size_t *asked);
enum live_answer live_take(struct live *live, const void *ptr, size_t *asked);

/* The kind is closed: gives the table up. */
void live_close(struct live *live);

/* Around fork. */
void live_prefork(void);
void live_postfork(void);

#else /* the other library knows nothing */

static inline void
live_add(struct live *live, const void *ptr, size_t asked)
{
	(void)live, (void)ptr, (void)asked;
}

static inline enum live_answer
live_find(struct live *live, const void *ptr, size_t *asked)
{
	(void)live, (void)ptr, (void)asked;
	return LIVE_UNKNOWN;
}

static inline enum live_answer
live_take(struct live *live, const void *ptr, size_t *asked)
{
	return live_find(live, ptr, asked);
}

static inline void
live_close(struct live *live)
{
	(void)live;
}

static inline void
live_prefork(void)
{
}

static inline void
live_postfork(void)
{
}

#endif

#endif /* KIND_LIVE_H */
