/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lock.h - how threads wait for each other.
 *
 * Locks of four bytes on futex(2), since another library may replace libc's
 * and allocate in its place. A thread that waits spins for a few microseconds,
 * where there is a second processor, and then sleeps: if the scheduler prefers
 * it (SCHED_FIFO), it must not keep the thread that it waits for from running.
 *
 * A lock has no owner: in the child of a fork the thread that is there gives
 * back what the forking thread held. It must not be taken twice. Nothing here
 * fails, calls libc, or is a point at which a thread is cancelled.
 *
 * The word of a lock goes through three values:
 *
 *   take     FREE -> HELD    by compare-and-swap: nobody was there
 *   sleep    any -> WANTED   by exchange: if it was FREE, the lock is taken
 *                            so; else futex(2) waits as long as it is WANTED
 *   give     any -> FREE     by exchange: if it was WANTED, futex(2) wakes one
 *
 * So neither side makes a system call where nobody waits. That no thread sleeps
 * for ever:
 *
 *  - The kernel puts a thread to sleep only if the word is WANTED, and looks at
 *    it under a lock that a wake takes, too. So if the word changes after that
 *    look, the wake that follows the change finds the thread asleep.
 *  - Only a give changes WANTED to anything else, and then it wakes a thread.
 *    (A take needs FREE; a thread that comes to sleep leaves it WANTED.)
 *  - The thread that is woken writes WANTED again before it does anything else.
 *    If it gets the lock by that, its give will wake the next; if another was
 *    quicker, that one's give will. So as long as threads sleep, one of these
 *    is still to come: a give that finds WANTED, a wake, or a woken thread that
 *    writes WANTED.
 *
 * The last sleeper takes the lock as WANTED though nobody waits any more. That
 * costs one wake in vain, and saves counting those that wait. A thread that
 * comes just then may take the lock before the one that was woken: that is not
 * fair, but the lock is not idle until a sleeper runs.
 *
 * Taking acquires and giving releases the word, so whoever has the lock sees
 * all that was done under it before.
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

/* Something that is done once, by the first thread that comes, while others
 * wait. What is done must not ask for it again. Over fork the lock is taken as
 * any other, so that the child finds it done or not begun. */
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

/* Waits until the word is not VALUE. The thread that changes it may wake those
 * that wait, and need not: they look again by themselves, first after 20 us and
 * in the end each millisecond. What was written before the change is visible
 * afterwards. */
void wait_while(const _Atomic uint32_t *word, uint32_t value);

/* The same until it is zero, whatever it is until then. */
static inline void
wait_until_zero(const _Atomic uint32_t *word)
{
	uint32_t value;

	while ((value = atomic_load(word)) != 0)
		wait_while(word, value);
}

/* Waits until the word is not VALUE, for at most so many milliseconds, and says
 * whether it is not. The thread that changes it must wake those that wait. */
bool wait_while_for(
    const _Atomic uint32_t *word, uint32_t value, uint64_t milliseconds);

/* The same for as long as it takes. */
void wait_for_change(const _Atomic uint32_t *word, uint32_t value);

/* Sleeps, each time twice as long as before, from 20 us to a millisecond: for
 * loops that try something again and again. *NAP begins as 0. */
void take_nap(unsigned *nap);

/*
 * A lock whose holder steps out of it, for something that may wait for other
 * locks (the dynamic loader's), and in again. Others have the lock meanwhile,
 * but who wants it for a fork waits for all that are outside. OUTSIDE counts
 * them, and goes up under the lock alone: with the lock in hand
 * and none outside, nobody gets there.
 */
static inline void
lock_step_out(struct lock *lock, _Atomic uint32_t *outside)
{
	atomic_fetch_add(outside, 1);
	lock_give(lock);
}

static inline void
lock_step_in(struct lock *lock, _Atomic uint32_t *outside)
{
	lock_take(lock);
	if (atomic_fetch_sub(outside, 1) == 1)
		wake_all(outside);
}

/* Waits for those outside to bring what the caller would fetch as well: for a
 * tenth of a second, since one of them may wait for something of ours. */
static inline void
lock_wait_for_others(struct lock *lock, _Atomic uint32_t *outside)
{
	uint32_t count = atomic_load(outside);

	if (count == 0)
		return;
	lock_give(lock);
	wait_while_for(outside, count, 100);
	lock_take(lock);
}

/* Takes the lock when all are in, for a fork; or after LOCK_PATIENCE_MS, since
 * one of them may wait for what the caller has: the lock of the dynamic linker,
 * in a constructor that forks. */
#define LOCK_PATIENCE_MS 5000
void lock_take_with_all_in(struct lock *lock, _Atomic uint32_t *outside);

/* In the child of that fork: whether any were outside still, who are not there
 * and never come in. */
static inline bool
lock_lose_outside(_Atomic uint32_t *outside)
{
	return atomic_exchange(outside, 0) != 0;
}

#endif /* OS_LOCK_H */
