/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tsd.c - jemalloc's record of a thread, and its locks. See tsd.h.
 */
#include "arena/internals.h"

#include "arena/structures.h"
#include "base/base.h"
#include "os/records.h"

#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

/* These need no memory. */
#define SHARED_ALWAYS 4

_Thread_local void *thread_tsd;
_Thread_local unsigned thread_borrows;

_Static_assert(sizeof(tsd_wrapper_t) <= TSD_BYTES, "there is room for it");
_Static_assert(sizeof(rtree_ctx_t) == LOOKUPS * sizeof(struct lookup),
    "a thread keeps jemalloc's own record of its look-ups");

struct shared {
	struct shared *next;
	bool begun; /* jemalloc knows it */
	_Alignas(64) char memory[TSD_BYTES];
};

static struct lock shared_lock = LOCK_INIT;
static struct shared *shared_free, always[SHARED_ALWAYS];
static unsigned always_used;
static struct shared *starting;

/* ---- A thread's own ------------------------------------------------------ */

void
tsd_begin(void *memory)
{
	tsd_wrapper_t *wrapper = memory;

	tsd_t fresh = TSD_INITIALIZER;

	wrapper->initialized = false;
	wrapper->val = fresh;
	thread_tsd = wrapper;
	tsd_fetch();
}

void
tsd_begin_lookups(void *memory)
{
	rtree_ctx_data_init(memory);
}

void
tsd_end(void)
{
	tsd_wrapper_t *wrapper = thread_tsd;

	if (wrapper != NULL)
		tsd_cleanup(&wrapper->val);
	thread_tsd = NULL;
}

/* ---- Shared ones --------------------------------------------------------- */

/* NULL: there is none just now. */
static struct shared *
take_shared(void)
{
	struct shared *shared;

	lock_take(&shared_lock);
	shared = shared_free;
	if (shared != NULL)
		shared_free = shared->next;
	else if (always_used < SHARED_ALWAYS)
		shared = &always[always_used++];
	lock_give(&shared_lock);
	return shared != NULL ? shared : record_new(sizeof(*shared));
}

static void
give_shared(struct shared *shared)
{
	lock_take(&shared_lock);
	shared->next = shared_free;
	shared_free = shared;
	lock_give(&shared_lock);
}

void
tsd_borrow(void)
{
	struct shared *shared;
	unsigned nap = 0;

	if (thread_borrows++ != 0)
		return;
	while ((shared = take_shared()) == NULL)
		take_nap(&nap);
	thread_tsd = shared->memory;
	if (!shared->begun)
		tsd_begin(shared->memory);
	shared->begun = true;
}

void
tsd_give_back(void)
{
	struct shared *shared;

	if (--thread_borrows != 0)
		return;
	shared = container_of(thread_tsd, struct shared, memory);
	thread_tsd = NULL;
	give_shared(shared);
}

/* ---- Start --------------------------------------------------------------- */

/* jemalloc begins with a record of its own, and has the next made here. */
void *poolkind_je_record(size_t bytes);
void *
poolkind_je_record(size_t bytes)
{
	invariant(bytes <= TSD_BYTES && starting != NULL);
	if (starting == NULL)
		return record_new(bytes);
	starting->begun = true;
	return starting->memory;
}

void
tsd_start(void)
{
	starting = take_shared();
}

void
tsd_started(void)
{
	if (starting != NULL)
		give_shared(starting);
	starting = NULL;
	thread_tsd = NULL;
}

void
tsd_shared_prefork(void)
{
	lock_take(&shared_lock);
}

void
tsd_shared_postfork(void)
{
	lock_give(&shared_lock);
}

/* ---- For jemalloc: see jemalloc/calls ------------------------------------ */

#undef pthread_mutex_lock
#undef pthread_mutex_trylock
#undef pthread_mutex_unlock
#undef pthread_getspecific
#undef pthread_setspecific

#define INSTEAD(result, name, ...) \
	result poolkind_je_##name(__VA_ARGS__); \
	result poolkind_je_##name(__VA_ARGS__)

INSTEAD(int, key_create, pthread_key_t *key, void (*end)(void *))
{
	(void)end;
	*key = 0;
	return 0;
}

INSTEAD(void *, getspecific, pthread_key_t key)
{
	(void)key;
	return thread_tsd;
}

INSTEAD(int, setspecific, pthread_key_t key, const void *record)
{
	(void)key;
	return system_set_tsd(record);
}

INSTEAD(int, mutex_init, pthread_mutex_t *mutex, const void *attributes)
{
	struct lock fresh = LOCK_INIT;

	(void)attributes;
	memcpy(mutex, &fresh, sizeof(fresh));
	return 0;
}

INSTEAD(int, mutex_lock, pthread_mutex_t *mutex)
{
	return system_lock(mutex);
}

INSTEAD(int, mutex_trylock, pthread_mutex_t *mutex)
{
	return system_lock_try(mutex);
}

INSTEAD(int, mutex_unlock, pthread_mutex_t *mutex)
{
	return system_lock_give(mutex);
}

INSTEAD(int, mutexattr_init, void *attributes)
{
	(void)attributes;
	return 0;
}

INSTEAD(int, mutexattr_settype, void *attributes, int type)
{
	(void)attributes;
	(void)type;
	return 0;
}

INSTEAD(int, mutexattr_destroy, void *attributes)
{
	(void)attributes;
	return 0;
}
