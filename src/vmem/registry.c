/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * registry.c - which pools are alive. See registry.h.
 *
 * The list decides what is a pool. It is read and written under the lock. The
 * hash table is a shortcut for the functions that allocate: it is written under
 * the lock, and read without it.
 *
 * Why a reader without the lock is safe while other threads create and delete
 * pools, as long as nobody deletes the pool that it asks for (libvmem.h forbids
 * that):
 *
 * - It never follows a pointer into unmapped memory. Records lie in a static
 *   array and are only ever used again as records.
 * - It never gets the kind of another pool. The handle of a pool that is in use
 *   stands in one record, because registry_claim() lets no two pools begin at
 *   one address. The kind was stored before the handle was, and both stay as
 *   they are until the pool is deleted.
 * - It may miss its pool. The record on which it stands can be taken out of its
 *   bucket, which does no harm, since that record still leads to the rest of
 *   the chain; it can also be used again for a pool of another bucket, and then
 *   leads the reader there, to an end where its handle was not found. NULL
 *   therefore does not mean "no such pool" but "ask the list": state_use()
 *   does, and vmem_free() frees without a handle.
 *
 * A hash table under a lock would be simpler, and a lock on every allocation.
 */
#include "vmem/registry.h"

#include <errno.h>
#include <pthread.h>

#include "base/annotate.h"
#include "base/list.h"
#include "kind/facade.h"
#include "os/lock.h"
#include "vmem/message.h"

#define LG_BUCKETS 12

_Thread_local struct registry_memo registry_memo;
_Atomic unsigned registry_removals = 1; /* odd: see registry.h */
static _Atomic(struct pool *) buckets[1 << LG_BUCKETS];

static struct lock lock = LOCK_INIT;
static struct pool records[REGISTRY_POOLS_MAX];
static size_t records_used; /* records from here on were never used */
static struct pool *free_records, *pools;

/* ---- The list ------------------------------------------------------------ */

/*
 * Registers the fork handlers of the registry: when the library is loaded, or
 * with the first pool if another library's constructor makes one before that.
 * Not under the lock, since pthread_atfork(3) may call malloc, which may be the
 * program's own and use libvmem.
 *
 * The handlers before a fork run in the reverse order of registration. The
 * engine's are registered first, so ours run before them and take the lock of
 * the registry before those of the engine, as the lock order wants it.
 */
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

/* A pool that was claimed but has no kind yet is not one: its handle was not
 * given to the program so far. */
struct pool *
registry_find(const VMEM *handle)
{
	struct pool *pool = find_at(handle);

	return pool != NULL && atomic_load(&pool->kind) != NULL ? pool : NULL;
}

/* For vmem_check(), which has to report both of two regions that overlap. The
 * engine does not know of it, as it gave the second one only what the first did
 * not hold; the registry has the addresses that the program named. */
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

/* NULL when REGISTRY_POOLS_MAX pools are alive. The engine allows fewer kinds
 * than that, so programs meet its refusal first. */
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

/* The record keeps `in_bucket`, by which a reader that stands on it finds its
 * way on. */
static void
list_remove(struct pool *pool)
{
	LIST_REMOVE(pool);
	pool->begin = NULL;
	STACK_PUSH(&free_records, pool);
}

/*
 * Creating a pool has two steps. For a region the claim comes before the kind
 * is opened: two threads that make pools of one address must not both succeed,
 * and opening cannot happen under the lock. A claim without a kind is visible
 * to other claims only. For a file the engine chooses the address, so the kind
 * comes first, and the claim can only fail for want of a record.
 *
 * The kind of the record is NULL from here on, before the record can be found.
 */
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
		pool->state_is_lent = false;
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

/* The engine's kind leads back to the handle (user data), for the debug
 * library's question which pool a block is of. The kind is stored last: from
 * then on registry_find() answers the handle. */
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

/* Fibonacci hashing of the page number: handles are addresses of pages, often
 * in steps of 4 MiB or more, whose low bits are all the same. The product's
 * upper bits depend on all of them. */
static _Atomic(struct pool *) *
bucket_of(const VMEM *handle)
{
	return &buckets[((uintptr_t)handle >> PAGE_SHIFT) *
		0x9e3779b97f4a7c15u >>
	    (64 - LG_BUCKETS)];
}

/*
 * What is found is remembered for the thread (registry_memo), together with how
 * many pools had been removed when the search began. The memo holds until that
 * number changes, so it is dropped by the removal of any pool: removals are
 * rare, and nobody can reach the memos of other threads.
 *
 * That no memo outlives its pool: removing a pool increments the number before
 * a new pool can claim the same address, both under the lock; and a thread that
 * was handed the new pool's handle, by whatever means of synchronisation, sees
 * what happened before that. So its relaxed load finds the number changed. The
 * number is read before the search, not after it: a removal in between spoils
 * the memo, instead of being overlooked.
 */
poolkind *
registry_look_up(const VMEM *handle)
{
	unsigned removals = atomic_load(&registry_removals);
	struct pool *pool = NULL;
	poolkind *kind;

	/* Records in no bucket have a handle of NULL, and a reader may stand on
	 * one. */
	if (handle != NULL)
		pool = atomic_load(bucket_of(handle));
	while (pool != NULL && atomic_load(&pool->handle) != handle)
		pool = atomic_load(&pool->in_bucket);
	if (pool == NULL)
		return NULL;
	kind = atomic_load(&pool->kind);
	registry_memo = (struct registry_memo){ handle, kind, removals };
	return kind;
}

/*
 * Enters a pool in the table, under the lock; nothing if it is there. The
 * handle is stored before the record can be reached through its bucket, and the
 * link to the rest of the chain too.
 *
 * Under valgrind the table stays empty, as helgrind and drd would report its
 * readers, which have no lock: each call then asks the list.
 */
void
registry_enter(struct pool *pool)
{
	const VMEM *handle = (const VMEM *)pool->begin;
	_Atomic(struct pool *) *bucket = bucket_of(handle);

	if (annotate_is_on() || atomic_load(&pool->handle) != NULL)
		return;
	atomic_store(&pool->handle, handle);
	atomic_store(&pool->in_bucket, atomic_load(bucket));
	atomic_store(bucket, pool);
}

/* Takes a pool out, under the lock. A pool that never had a block was never in
 * the table, and in no memo either. */
static void
leave(struct pool *pool)
{
	_Atomic(struct pool *) *at = bucket_of(
	    (const VMEM *)(const void *)pool->begin);

	if (atomic_load(&pool->handle) == NULL)
		return;
	atomic_fetch_add(&registry_removals, 2);
	while (atomic_load(at) != pool)
		at = &atomic_load(at)->in_bucket;
	atomic_store(at, atomic_load(&pool->in_bucket));
	atomic_store(&pool->handle, NULL);
}

/* ---- The end of a pool --------------------------------------------------- */

/*
 * Of two threads that delete one pool, or of two calls, only the first gets the
 * kind; the other one gets NULL, which is EINVAL for the program. free_func is
 * called without the lock, as malloc_func was. The kind is the caller's to
 * close: that takes locks of the engine for a long time, and needs none of
 * ours.
 */
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
		leave(pool);
		list_remove(pool);
	}
	lock_give(&lock);
	if (state != NULL)
		state_free(state);
	return kind;
}
