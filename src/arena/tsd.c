/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tsd.c - jemalloc's record of a thread, and its locks. See tsd.h.
 *
 * jemalloc is built without TLS of its own (jemalloc/build), so it looks for
 * its record of the thread by pthread_getspecific(3). That call is renamed in
 * its archive and ends in a function below, which returns thread_tsd. So
 * whatever stands in thread_tsd when jemalloc is entered is its record, and
 * before it is entered there must be one: tsd_enter() in tsd.h sees to that.
 * Left alone, jemalloc would allocate a record, and end the process where it
 * cannot.
 *
 * Owns the shared records and the list of those that are free, under
 * shared_lock. A shared record is never unmapped: jemalloc keeps a list of its
 * records, and this one stays in it. Nothing here fails: a thread that finds
 * neither a record nor memory for one waits.
 */
#include "arena/internals.h"

#include "arena/structures.h"
#include "base/base.h"
#include "os/records.h"

#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

/* Records that are always there, so that some thread can go on where there is
 * no memory for one more. One would do; with a few, threads seldom wait. */
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

/*
 * Makes MEMORY, TSD_BYTES of it, the calling thread's record. What jemalloc
 * does when it makes one itself is done here: an initial value, and then a
 * fetch, which has it set up what depends on the thread and enter the record
 * into its list. Nothing is allocated for that, since thread caches are off
 * (start.c).
 */
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

/* Before its memory has another use: jemalloc takes it out of its list. It asks
 * for the calling thread's record meanwhile, so this one passes for that. */
void
tsd_end(void *memory)
{
	tsd_wrapper_t *wrapper = memory;
	void *own = thread_tsd;

	thread_tsd = wrapper;
	tsd_cleanup(&wrapper->val);
	thread_tsd = own == wrapper ? NULL : own;
}

/* ---- Shared ones --------------------------------------------------------- */

/* A record that is in nobody's hands: one that was given back, one of those
 * that are always there, a new one. NULL if all are out and there is no memory.
 */
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

/*
 * Gives the thread a shared record until tsd_give_back(). Calls may nest, as
 * when an arena is entered for a block and again to give another back: only the
 * first borrows.
 *
 * If there is none the thread sleeps and looks again, with no lock held but
 * what its callers have. That this comes to an end: who has a shared record is
 * inside an arena, waits there for nobody who wants one, and gives it back when
 * he leaves. So the wait lasts as long as one of them is inside jemalloc.
 *
 * A record that is new to jemalloc is set up by the first who borrows it. From
 * then on it is used as it is by one thread after the other; what it holds are
 * caches of look-ups and counters, which are as good for any of them.
 */
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

/*
 * jemalloc starts with a static record of its own, and soon replaces it by one
 * that it allocates: by its internal function for that, which is renamed in
 * that one object file to the function below (jemalloc/build). It gets a shared
 * record, which tsd_start() has put aside. Nobody else comes here: whoever
 * enters jemalloc later has a record. If one did not, that would be a fault of
 * the engine; he would get memory that is never freed, rather than NULL, at
 * which jemalloc ends the process.
 */
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

/* Around jemalloc's start, under the lock of start.c. Afterwards the record is
 * one of the shared ones, already known to jemalloc, and the thread has none,
 * as before. If jemalloc failed to start the record may be unused, which is of
 * no harm. */
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

/* Arenas are stopped by then, so that no record is in anybody's hands but one
 * that the forking thread itself has borrowed. */
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

/*
 * What jemalloc calls in place of the functions of pthreads with these names. A
 * struct lock lies where it has its pthread_mutex_t, which is larger
 * (system.h). Locks of ours can be given back by the child of a fork and are
 * never replaced by another library (os/lock.h). system.h has the same for
 * jemalloc's inline functions, which are compiled into the files here; it does
 * so by macros, which must not apply to the definitions.
 */

#undef pthread_mutex_lock
#undef pthread_mutex_trylock
#undef pthread_mutex_unlock
#undef pthread_getspecific
#undef pthread_setspecific

#define INSTEAD(result, name, ...) \
	result poolkind_je_##name(__VA_ARGS__); \
	result poolkind_je_##name(__VA_ARGS__)

/* There is one key, and it is never used: thread_exit() in thread.c ends the
 * record, not a destructor of jemalloc's. */
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

/* Also over a mutex that was used, as in the child of a fork. Attributes are
 * not looked at: jemalloc asks for adaptive or plain mutexes, and ours spin a
 * little and then sleep. */
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
