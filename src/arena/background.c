/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * background.c - see background.h.
 *
 * Owns whether there is such a thread, how many heaps want it, and its sleep.
 * `wanted` is changed under registry_lock alone.
 */
#include "arena/background.h"

#include "os/os.h"

_Atomic uint32_t background_rest;

static _Atomic unsigned wanted; /* heaps */
static _Atomic bool is_made;
static _Atomic uint32_t this_turn; /* the thread of another one ends */
static _Atomic int process;        /* in which threads may be made; 0: none */
static _Atomic uint64_t make_due;  /* when it is tried to make it again */

/* Of the process: it ends with its last thread, which may be this one. */
static _Atomic bool first_ends;

/* How often it is looked whether that is so. */
#define LAST_LOOK_MS 200

/* After it could not be made. */
#define MAKE_AGAIN_MS 200

/* ---- Sleep --------------------------------------------------------------- */

void
background_wake(void)
{
	uint32_t sleeps = BACKGROUND_SLEEPS;

	if (atomic_compare_exchange_strong(
		&background_rest, &sleeps, BACKGROUND_AWAKE))
		wake_all(&background_rest);
}

void
background_lie_down(void)
{
	atomic_store(&background_rest, BACKGROUND_SLEEPS);
}

void
background_get_up(void)
{
	atomic_store(&background_rest, BACKGROUND_AWAKE);
}

void
background_sleep(uint64_t ms)
{
	if (unlikely(atomic_load(&first_ends)) && ms > LAST_LOOK_MS)
		ms = LAST_LOOK_MS;
	if (ms == UINT64_MAX)
		wait_for_change(&background_rest, BACKGROUND_SLEEPS);
	else
		wait_while_for(&background_rest, BACKGROUND_SLEEPS, ms);
}

/* Where this overwrites that the last heap was closed, the thread ends after
 * the pause. */
void
background_pause(uint64_t ms)
{
	atomic_store(&background_rest, BACKGROUND_PAUSES);
	wait_while_for(&background_rest, BACKGROUND_PAUSES, ms);
}

/* ---- Life ---------------------------------------------------------------- */

/* Not before the library is loaded: what allocates sooner may be the dynamic
 * linker, before libc can make threads. */
static __attribute__((constructor)) void
permit(void)
{
	atomic_store(&process, os_process());
}

void
background_want(void)
{
	atomic_fetch_add(&wanted, 1);
	atomic_store(&make_due, 0);
}

void
background_release(void)
{
	if (atomic_fetch_sub(&wanted, 1) != 1)
		return;
	background_get_up();
	wake_all(&background_rest);
}

void
background_first_ends(void)
{
	atomic_store(&first_ends, true);
	background_wake();
}

bool
background_is_missing(uint64_t now)
{
	return unlikely(atomic_load(&wanted) != 0) && !atomic_load(&is_made) &&
	    now >= atomic_load(&make_due) &&
	    atomic_load(&process) == os_process();
}

void
background_make(void *(*what)(void *turn), uint64_t now)
{
	uint32_t turn = atomic_load(&this_turn);

	if (!atomic_exchange(&is_made, true) &&
	    os_start_thread(what, (void *)(uintptr_t)turn) != 0 &&
	    turn == atomic_load(&this_turn)) {
		atomic_store(&make_due, now + MAKE_AGAIN_MS);
		atomic_store(&is_made, false);
	}
}

bool
background_goes_on(void *turn)
{
	if ((uint32_t)(uintptr_t)turn != atomic_load(&this_turn))
		return false;
	/* Handlers of exit(3), which libc then calls, make no other. */
	if (unlikely(atomic_load(&first_ends)) && os_is_last_thread())
		return false;
	if (atomic_load(&wanted) != 0)
		return true;
	background_get_up();
	atomic_store(&is_made, false);
	return false;
}

void
background_forget(void)
{
	atomic_fetch_add(&this_turn, 1);
	atomic_store(&is_made, false);
	atomic_store(&first_ends, false);
	atomic_store(&make_due, 0);
	if (atomic_load(&process) != 0)
		atomic_store(&process, os_process());
	background_get_up();
}
