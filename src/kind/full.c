/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * full.c - the program's function that is asked when a kind has no room. See
 * poolkind.h.
 *
 * Owns a lock, which is held while the function of a kind is read or exchanged,
 * and not while it is called: it is the program's, may take long, may call the
 * engine, and may exchange itself. So another thread may still be in it for a
 * moment after it was exchanged. Over fork the lock is taken, so that the child
 * does not find the two words half written. Kinds without a function do not
 * come to the lock. Nothing fails.
 */
#include "base/annotate.h"
#include "kind/kind.h"
#include "os/lock.h"

static struct lock lock = LOCK_INIT;
static _Thread_local bool asking __attribute__((tls_model("initial-exec")));

EXPORT int
poolkind_on_full(poolkind *handle,
    int (*full)(void *arg, poolkind *kind, size_t size, unsigned asked),
    void *arg)
{
	struct kind *kind = kind_of(handle);

	if (kind == NULL)
		return -1;
	lock_take(&lock);
	kind->on_full.call = full;
	kind->on_full.arg = arg;
	atomic_store(&kind->on_full.given, full != NULL);
	lock_give(&lock);
	return 0;
}

/* The request is under way, so under valgrind its lock is held, which is for
 * the engine's own memory and not for the program's. */
bool
full_try_again(struct kind *kind, size_t size, unsigned asked)
{
	int (*call)(void *arg, poolkind *kind, size_t size, unsigned asked);
	void *arg;
	bool again;

	if (likely(!atomic_load(&kind->on_full.given)) || asking ||
	    source_refused(kind_source(kind)))
		return false;
	lock_take(&lock);
	call = kind->on_full.call;
	arg = kind->on_full.arg;
	lock_give(&lock);
	if (call == NULL)
		return false;
	asking = true;
	annotate_leave();
	again = call(arg, kind->handle, size, asked) != 0;
	annotate_enter();
	asking = false;
	return again;
}

void
full_prefork(void)
{
	lock_take(&lock);
}

void
full_postfork(void)
{
	lock_give(&lock);
}
