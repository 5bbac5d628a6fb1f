/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lock.h - how threads wait for each other.
 *
 * Locks of four bytes on futex(2), since another library may replace libc's
 * and allocate in its place. Who waits turns a few microseconds around, where
 * there is a second processor, and then blocks: a thread that the scheduler
 * prefers (SCHED_FIFO) must not keep from running whom it waits for.
 *
 * A lock has no owner: in the child of a fork the thread that is there gives
 * back what the forking thread held. It must not be taken twice. Nothing here
 * fails, calls libc, or is a point at which a thread is cancelled.
 *
 * ThreadSanitizer understands the atomic operations; valgrind's tools are told.
 */
#ifndef OS_LOCK_H
#define OS_LOCK_H

#include <stdatomic.h>

#include "base/base.h"

struct lock {
	_Atomic uint32_t word;
};

enum {
	LOCK_FREE,
	LOCK_HELD,
	LOCK_WANTED, /* held, and somebody may be asleep */
};

/* What to begin with: zeroes. */
#define LOCK_INIT \
	{ \
		0 \
	}

/* Whether helgrind or drd wants to know; set when the library is loaded. */
extern bool lock_is_watched __attribute__((visibility("hidden")));
void lock_watch_taken(struct lock *lock);
void lock_watch_given(struct lock *lock);

void lock_take_slowly(struct lock *lock);

static inline bool
lock_try(struct lock *lock)
{
	uint32_t is_free = LOCK_FREE;

	if (!atomic_compare_exchange_strong_explicit(&lock->word, &is_free,
		LOCK_HELD, memory_order_acquire, memory_order_relaxed))
		return false;
	if (unlikely(lock_is_watched))
		lock_watch_taken(lock);
	return true;
}

static inline void
lock_take(struct lock *lock)
{
	if (unlikely(!lock_try(lock)))
		lock_take_slowly(lock);
}

/* Wakes those that wait for the word to change: one, or all. */
void wake_one(_Atomic uint32_t *word);
void wake_all(_Atomic uint32_t *word);

static inline void
lock_give(struct lock *lock)
{
	if (unlikely(lock_is_watched))
		lock_watch_given(lock);
	if (unlikely(atomic_exchange_explicit(&lock->word, LOCK_FREE,
			 memory_order_release) == LOCK_WANTED))
		wake_one(&lock->word);
}

/* Something that is done once, by the first who comes, while others wait. Who
 * does it must not come again. Over fork the lock is taken as any other, so
 * that the child finds it done or not begun. */
struct once {
	struct lock lock;
	_Atomic uint32_t done;
};

#define ONCE_INIT \
	{ \
		LOCK_INIT, 0 \
	}

void once_slowly(struct once *once, void (*what)(void));

static inline void
once_do(struct once *once, void (*what)(void))
{
	if (unlikely(!atomic_load_explicit(&once->done, memory_order_acquire)))
		once_slowly(once, what);
}

/* Waits until the word is another than VALUE. Whoever changes it may wake those
 * that wait, and need not: they look for themselves, first after 20 us and at
 * last each millisecond. What was written before the change can be read. */
void wait_while(const _Atomic uint32_t *word, uint32_t value);

/* The same until it is zero, whatever it is until then. */
static inline void
wait_until_zero(const _Atomic uint32_t *word)
{
	uint32_t value;

	while ((value = atomic_load(word)) != 0)
		wait_while(word, value);
}

/* The same as the first, but for at most so many milliseconds; whether it is
 * another. */
bool wait_while_for(
    const _Atomic uint32_t *word, uint32_t value, uint64_t milliseconds);

/* Sleeps, for twice as long as the last time, from 20 us to a millisecond: for
 * what is to be asked for again and again. NAP begins as 0. */
void take_nap(unsigned *nap);

#endif /* OS_LOCK_H */
