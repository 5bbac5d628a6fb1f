/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * registry.c - which pools are alive. See registry.h.
 */
#include "vmem/registry.h"

#include <errno.h>
#include <pthread.h>

#include "base/annotate.h"
#include "base/list.h"
#include "kind/facade.h"
#include "os/lock.h"
#include "vmem/functions.h"
#include "vmem/message.h"

#define LG_BUCKETS 12
#define NO_POOL ((const VMEM *)1)

_Thread_local struct registry_memo registry_memo = { .handle = NO_POOL };
_Atomic unsigned registry_removals;
static _Atomic(struct pool *) buckets[1 << LG_BUCKETS];

static struct lock lock = LOCK_INIT;
static struct pool records[REGISTRY_POOLS_MAX];
static size_t records_used; /* from here on none ever was */
static struct pool *free_records, *pools;

/* ---- The list ------------------------------------------------------------ */

/* When the library is loaded, or with the first pool if that comes sooner:
 * before the lock is taken. Handlers that come later than the engine's are
 * called sooner, and so take their lock in the right order. */
static __attribute__((constructor)) void
follow_forks(void)
{
	static _Atomic bool done;

	if (atomic_exchange(&done, true))
		return;
	poolkind_follow_forks();
	pthread_atfork(registry_hold, registry_release, registry_release);
}

void
registry_hold(void)
{
	lock_take(&lock);
}

void
registry_release(void)
{
	lock_give(&lock);
}

struct pool *
registry_first(void)
{
	return pools;
}

static struct pool *
find_at(const void *begin)
{
	struct pool *pool = pools;

	while (pool != NULL && pool->begin != begin)
		pool = pool->next;
	return pool;
}

struct pool *
registry_find(const VMEM *handle)
{
	struct pool *pool = find_at(handle);

	return pool != NULL && atomic_load(&pool->kind) != NULL ? pool : NULL;
}

struct pool *
registry_overlap(const void *begin, size_t bytes, const struct pool *own)
{
	uintptr_t low = (uintptr_t)begin, high = low + bytes;
	struct pool *pool = pools;

	while (pool != NULL &&
	    (pool == own || low >= (uintptr_t)pool->begin + pool->bytes ||
		high <= (uintptr_t)pool->begin))
		pool = pool->next;
	return pool;
}

static struct pool *
record_take(void)
{
	struct pool *pool = NULL;

	if (free_records != NULL)
		STACK_POP(&free_records, pool);
	else if (records_used < REGISTRY_POOLS_MAX)
		pool = &records[records_used++];
	return pool;
}

static void
list_remove(struct pool *pool)
{
	LIST_REMOVE(pool);
	pool->begin = NULL;
	STACK_PUSH(&free_records, pool);
}

struct pool *
registry_claim(void *begin, size_t bytes)
{
	struct pool *pool = NULL;
	bool taken;

	follow_forks();
	lock_take(&lock);
	taken = find_at(begin) != NULL;
	if (!taken)
		pool = record_take();
	if (pool != NULL) {
		atomic_store(&pool->kind, NULL);
		pool->begin = begin;
		pool->bytes = bytes;
		pool->state = NULL;
		LIST_PUSH(&pools, pool);
	}
	lock_give(&lock);
	if (taken)
		message_set(EINVAL,
		    "a pool begins at %p already: delete it "
		    "first",
		    begin);
	else if (pool == NULL)
		message_set(ENOMEM, "pool creation failed: %d pools are alive",
		    REGISTRY_POOLS_MAX);
	return pool;
}

VMEM *
registry_enliven(struct pool *pool, poolkind *kind)
{
	poolkind_set_user_data(kind, pool->begin);
	atomic_store(&pool->kind, kind);
	return (VMEM *)(void *)pool->begin;
}

void
registry_give_up(struct pool *pool)
{
	lock_take(&lock);
	list_remove(pool);
	lock_give(&lock);
}

/* ---- The table ----------------------------------------------------------- */

static _Atomic(struct pool *) *
bucket_of(const VMEM *handle)
{
	return &buckets[((uintptr_t)handle >> PAGE_SHIFT) *
		0x9e3779b97f4a7c15u >>
	    (64 - LG_BUCKETS)];
}

poolkind *
registry_look_up(const VMEM *handle)
{
	unsigned removals = atomic_load(&registry_removals);
	struct pool *pool = atomic_load(bucket_of(handle));
	poolkind *kind;

	while (pool != NULL && atomic_load(&pool->handle) != handle)
		pool = atomic_load(&pool->in_bucket);
	if (pool == NULL)
		return NULL;
	kind = atomic_load(&pool->kind);
	registry_memo = (struct registry_memo){ handle, kind, removals };
	return kind;
}

/* Under valgrind the table stays empty, as its readers have no lock. */
static void
bucket_put(struct pool *pool)
{
	const VMEM *handle = (const VMEM *)pool->begin;
	_Atomic(struct pool *) *bucket = bucket_of(handle);

	if (annotate_is_on() || atomic_load(&pool->handle) != NULL)
		return;
	atomic_store(&pool->handle, handle);
	atomic_store(&pool->in_bucket, atomic_load(bucket));
	atomic_store(bucket, pool);
}

static void
bucket_take(struct pool *pool)
{
	_Atomic(struct pool *) *at = bucket_of(
	    (const VMEM *)(const void *)pool->begin);

	if (atomic_load(&pool->handle) == NULL)
		return;
	atomic_fetch_add(&registry_removals, 1);
	while (atomic_load(at) != pool)
		at = &atomic_load(at)->in_bucket;
	atomic_store(at, atomic_load(&pool->in_bucket));
	atomic_store(&pool->handle, NULL);
}

/* ---- Use and end --------------------------------------------------------- */

/* Gives the pool its state, from the program's function, which is called
 * without the lock: of two threads that do so at once one was too late. */
static bool
provide_state(struct pool *pool, const struct functions *functions)
{
	char *state = functions->malloc_func(POOL_STATE_BYTES);

	if (state == NULL)
		return false;
	lock_take(&lock);
	if (pool->state == NULL) {
		pool->state = state;
		pool->state_free = functions->free_func;
		state = NULL;
	}
	lock_give(&lock);
	if (state != NULL)
		functions->free_func(state);
	return true;
}

poolkind *
registry_use(const VMEM *handle)
{
	poolkind *kind = registry_look_up(handle);
	struct functions functions;
	struct pool *pool;
	bool has_state;

	if (kind != NULL)
		return kind;
	functions = functions_now();
	lock_take(&lock);
	pool = registry_find(handle);
	has_state = pool != NULL && pool->state != NULL;
	lock_give(&lock);
	if (pool == NULL) {
		message_no_pool(handle);
		return NULL;
	}
	if (!has_state && functions.malloc_func != NULL &&
	    !provide_state(pool, &functions)) {
		errno = ENOMEM;
		return NULL;
	}
	lock_take(&lock);
	kind = atomic_load(&pool->kind);
	bucket_put(pool);
	lock_give(&lock);
	return kind;
}

poolkind *
registry_remove(const VMEM *handle)
{
	poolkind *kind = NULL;
	struct pool *pool;
	char *state = NULL;
	void (*state_free)(void *) = NULL;

	lock_take(&lock);
	pool = registry_find(handle);
	if (pool != NULL) {
		kind = atomic_load(&pool->kind);
		state = pool->state;
		state_free = pool->state_free;
		bucket_take(pool);
		list_remove(pool);
	}
	lock_give(&lock);
	if (state != NULL)
		state_free(state);
	return kind;
}
