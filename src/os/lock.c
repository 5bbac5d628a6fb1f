/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lock.c - see lock.h.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "os/lock.h"

#include <linux/futex.h>
#include <time.h>

#include "base/annotate.h"
#include "os/direct.h"
#include "os/os.h"

/* How often a lock is looked at before its waiter sleeps: a few microseconds,
 * about as long as going to sleep and being woken takes. */
#define TURNS 100

/* Naps in microseconds. */
#define NAP_MIN 20
#define NAP_MAX 1000

bool lock_is_watched;

#ifdef HAVE_VALGRIND
#include <valgrind/drd.h>

static __attribute__((constructor(101))) void
look_for_watchers(void)
{
	lock_is_watched = annotate_is_on();
	/* What lock_take_slowly() asks for is known before threads ask. */
	if (lock_is_watched)
		os_processors();
}

void
lock_watch_taken(struct lock *lock)
{
	/* The word is changed by who does not have the lock. */
	VALGRIND_DO_CLIENT_REQUEST_STMT(VG_USERREQ__DRD_START_SUPPRESSION,
	    &lock->word, sizeof(lock->word), 0, 0, 0);
	VALGRIND_DO_CLIENT_REQUEST_STMT(
	    _VG_USERREQ__HG_USERSO_RECV_POST, lock, 0, 0, 0, 0);
	VALGRIND_DO_CLIENT_REQUEST_STMT(
	    VG_USERREQ__DRD_ANNOTATE_HAPPENS_AFTER, lock, 0, 0, 0, 0);
}

void
lock_watch_given(struct lock *lock)
{
	VALGRIND_DO_CLIENT_REQUEST_STMT(
	    _VG_USERREQ__HG_USERSO_SEND_PRE, lock, 0, 0, 0, 0);
	VALGRIND_DO_CLIENT_REQUEST_STMT(
	    VG_USERREQ__DRD_ANNOTATE_HAPPENS_BEFORE, lock, 0, 0, 0, 0);
}
#else
void
lock_watch_taken(struct lock *lock)
{
	(void)lock;
}

void
lock_watch_given(struct lock *lock)
{
	(void)lock;
}
#endif

/* ---- Sleeping ------------------------------------------------------------ */

static void
turn_around(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("isb" ::: "memory");
#endif
}

/* Until woken, for at most so many microseconds if not 0. Returns at once when
 * the word is another already; and sometimes for no reason. */
static void
sleep_while(const _Atomic uint32_t *word, uint32_t value, uint64_t microseconds)
{
	struct timespec time = { (time_t)(microseconds / 1000000),
		(long)(microseconds % 1000000) * 1000 };

	os_direct(SYS_futex, word, FUTEX_WAIT_PRIVATE, value,
	    microseconds != 0 ? &time : NULL);
}

void
wake_one(_Atomic uint32_t *word)
{
	os_direct(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1);
}

void
wake_all(_Atomic uint32_t *word)
{
	os_direct(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX);
}

void
take_nap(unsigned *nap)
{
	static const _Atomic uint32_t nobody_changes;

	*nap = (unsigned)min_size(max_size(2 * (size_t)*nap, NAP_MIN), NAP_MAX);
	sleep_while(&nobody_changes, 0, *nap);
}

void
wait_while(const _Atomic uint32_t *word, uint32_t value)
{
	size_t nap = NAP_MIN;

	while (atomic_load_explicit(word, memory_order_acquire) == value) {
		sleep_while(word, value, nap);
		nap = min_size(2 * nap, NAP_MAX);
	}
}

bool
wait_while_for(
    const _Atomic uint32_t *word, uint32_t value, uint64_t milliseconds)
{
	uint64_t end = os_now_ms() + milliseconds, now;

	while (atomic_load_explicit(word, memory_order_acquire) == value) {
		now = os_now_ms();
		if (now >= end)
			return false;
		sleep_while(word, value, (end - now) * 1000);
	}
	return true;
}

/* ---- Locks --------------------------------------------------------------- */

/* Who slept takes the lock as one that somebody else may sleep for. */
void
lock_take_slowly(struct lock *lock)
{
	unsigned turns = os_processors() > 1 ? TURNS : 0;

	for (; turns != 0; turns--) {
		if (atomic_load_explicit(&lock->word, memory_order_relaxed) ==
			LOCK_FREE &&
		    lock_try(lock))
			return;
		turn_around();
	}
	while (atomic_exchange_explicit(
		   &lock->word, LOCK_WANTED, memory_order_acquire) != LOCK_FREE)
		sleep_while(&lock->word, LOCK_WANTED, 0);
	if (unlikely(lock_is_watched))
		lock_watch_taken(lock);
}

void
once_slowly(struct once *once, void (*what)(void))
{
	lock_take(&once->lock);
	if (!atomic_load_explicit(&once->done, memory_order_relaxed)) {
		what();
		atomic_store_explicit(&once->done, 1, memory_order_release);
	}
	lock_give(&once->lock);
}
