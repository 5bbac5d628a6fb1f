/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lock.c - the slow halves of lock.h: sleeping, waking, and telling valgrind.
 *
 * Owns nothing but the word whether valgrind watches. Every call is a direct
 * system call, whose failures need no answer: a wait that is interrupted or
 * refused is repeated by its caller, which looks at the word each time. Where a
 * filter refuses futex(2) the loops spin instead.
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
 * about as long as going to sleep and being woken takes. More would waste more
 * than sleeping costs; less would put threads to sleep for locks that are free
 * again at the next moment. */
#define TURNS 100

/* Naps in microseconds. */
#define NAP_MIN 20
#define NAP_MAX 1000

bool lock_is_watched;

/*
 * helgrind and drd see an atomic exchange and not a lock. So they are told, by
 * the requests with which they wrap other synchronisation: a give sends, a take
 * receives what was sent before. The word itself is raced for by design, and
 * drd is told to leave it alone.
 */
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
	/* Threads that do not have the lock change the word, too. */
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

/* Tells the processor that this is a loop that waits, so that it gives its
 * resources to the other thread of the core: PAUSE, and on AArch64 ISB, since
 * YIELD does nothing on most of its processors. */
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

/* Waits on a word that nobody changes, so until the time is over. futex(2) is
 * used anyway, so a sandbox need not allow one more call for this. */
void
take_nap(unsigned *nap)
{
	static const _Atomic uint32_t nobody_changes;

	*nap = (unsigned)min_size(max_size(2 * (size_t)*nap, NAP_MIN), NAP_MAX);
	sleep_while(&nobody_changes, 0, *nap);
}

/*
 * For words that are changed by a plain store, as when an owner leaves its
 * cache: the thread that stores does not know that another one waits. So this
 * sleeps for a short time and looks again; if a wake does come, it ends the
 * sleep early. The naps grow, so that a short wait ends soon and a long one
 * costs little. The load acquires: what was written before the change is
 * visible after it.
 */
void
wait_while(const _Atomic uint32_t *word, uint32_t value)
{
	size_t nap = NAP_MIN;

	while (atomic_load_explicit(word, memory_order_acquire) == value) {
		sleep_while(word, value, nap);
		nap = min_size(2 * nap, NAP_MAX);
	}
}

/* Sleeps without naps, so the thread that changes the word must wake this one.
 * The time is counted by the clock: a sleep may end early for no reason. */
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

void
wait_for_change(const _Atomic uint32_t *word, uint32_t value)
{
	while (atomic_load_explicit(word, memory_order_acquire) == value)
		sleep_while(word, value, 0);
}

/* ---- Locks --------------------------------------------------------------- */

/*
 * First spins, if another processor can give the lock back meanwhile, and only
 * looks at the word while it is held: a compare-and-swap that fails would take
 * the cache line from the holder. Then exchanges and sleeps. From its first
 * exchange on a thread writes WANTED whenever it tries, even if nobody else
 * waits, since it cannot know that (lock.h).
 */
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

/* Looks again under the lock, since another thread may have done it while this
 * one waited. DONE releases what was done to those that read it without the
 * lock in once_do(). */
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

void
lock_take_with_all_in(struct lock *lock, _Atomic uint32_t *outside)
{
	uint64_t end = os_now_ms() + LOCK_PATIENCE_MS, now;
	uint32_t count;

	lock_take(lock);
	while (
	    (count = atomic_load(outside)) != 0 && (now = os_now_ms()) < end) {
		lock_give(lock);
		wait_while_for(outside, count, end - now);
		lock_take(lock);
	}
}
