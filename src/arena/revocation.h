/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * revocation.h - how a thread gets at the cache of another, whatever that one
 * is doing.
 *
 * Only its thread touches a cache, without any lock; and yet another thread can
 * empty it, when the heap is full or its limit falls, and keep its thread out,
 * when the process forks or caches are counted. So the owner says that it is
 * INSIDE, and looks whether the cache was REVOKED; the revoker says that it is
 * revoked, and looks whether the owner is inside:
 *
 *      owner                             revoker
 *      inside = 1                        revocation = CACHE_REVOKED
 *      (compiler barrier)                membarrier(2)
 *      if (revocation != CACHE_USABLE)   while (inside == 1)
 *              inside = 0, wait                  wait
 *      ... the bins ...                  ... the bins ...
 *      inside = 0                        revocation = CACHE_USABLE
 *
 * A processor may let the owner's load overtake its store, so that each side
 * sees the other as absent. A fence between the two, on every call, would be
 * the dearest instruction of the fast path. So it is one-sided: the revoker has
 * the kernel run a full fence on every processor that runs a thread of the
 * process; a thread that does not run passes one when it is switched to or
 * from.
 *
 * That never both are at the bins: somewhere in the owner's order of execution
 * there is a fence that falls within the revoker's membarrier(2). If it is
 * behind the store to inside, that store is visible when membarrier(2) returns,
 * and the revoker waits. Else it is in front of the store, so of the load too,
 * and the revoker's store, which came before membarrier(2), is visible to that
 * load: the owner turns back. The compiler barrier keeps the two in this order.
 *
 * A processor such as AArch64's may also let others see the owner's changes to
 * the bins before its store to inside. That is of no harm: the load acquires,
 * so the bins are touched behind it, and if it did not find CACHE_REVOKED the
 * fence is behind it as well, and so behind the store. Nor can the revoker take
 * a 0 of an earlier visit for the newest: the fence has made the later 1
 * visible.
 *
 * That each sees what the other did to the bins: both leave by a store that
 * releases, and enter by a load that acquires, of the same word. So does an
 * owner that turns back, since the revoker may find its 0.
 *
 * Where the kernel has no membarrier(2), an open cache has another value,
 * CACHE_USABLE_FENCED, with which the fast path enters none; the slow path then
 * has a fence of its own, in cache_enter_fenced(). With a fence on both sides
 * the argument is the usual one.
 *
 * Nobody wakes the revoker when the owner leaves by the fast path: who waits
 * looks again after 20 us, then after twice as long each time, up to a
 * millisecond. After work that took long cache_leave_and_wake() does.
 *
 * Revokers hold heap->lock until the caches are usable again. An owner that
 * finds its cache revoked waits for that lock, outside.
 */
#ifndef ARENA_REVOCATION_H
#define ARENA_REVOCATION_H

#include "arena/structures.h"

/* The values of cache->revocation. */
enum {
	CACHE_USABLE,
	CACHE_USABLE_FENCED,
	CACHE_REVOKED,
};

/* Enters the cache, if that can be done the quick way. Only its thread may. */
static inline bool
cache_enter(struct cache *cache)
{
	atomic_store_explicit(&cache->inside, 1, memory_order_relaxed);
	atomic_signal_fence(memory_order_seq_cst);
	if (likely(atomic_load_explicit(&cache->revocation,
		       memory_order_acquire) == CACHE_USABLE))
		return true;
	atomic_store_explicit(&cache->inside, 0, memory_order_release);
	return false;
}

static inline void
cache_leave(struct cache *cache)
{
	atomic_store_explicit(&cache->inside, 0, memory_order_release);
}

/* What usable caches have: one of the first two, for ever. */
extern uint32_t cache_usable __attribute__((visibility("hidden")));

/* Enters with a fence, which does in both cases; false when it is revoked. */
bool cache_enter_fenced(struct cache *cache);

/* Enters, if need be after whoever revoked the cache is done. */
static inline void
cache_enter_patiently(struct cache *cache)
{
	while (!cache_enter_fenced(cache)) {
		lock_take(&cache->heap->lock);
		lock_give(&cache->heap->lock);
	}
}

/* Leaves after work that took long. The same as on entry, the other way round:
 * either we see that the cache is revoked, and wake him who may be asleep, or
 * he sees that we have left. */
static inline void
cache_leave_and_wake(struct cache *cache)
{
	cache_leave(cache);
	if (cache_usable == CACHE_USABLE_FENCED)
		atomic_thread_fence(memory_order_seq_cst);
	else
		atomic_signal_fence(memory_order_seq_cst);
	if (atomic_load(&cache->revocation) == CACHE_REVOKED)
		wake_all(&cache->inside);
}

/* Finds out what the kernel has. Called once, before there is a cache. */
void revocation_start(void);

/* From here to caches_restore() no thread is inside a cache of the heap. Takes
 * heap->lock, and gives it. */
void caches_revoke(struct heap *heap);
void caches_restore(struct heap *heap);

/* The first in three steps, of which a fork, which revokes the caches of all
 * heaps, takes the second once. */
void caches_revoke_begin(struct heap *heap);
void caches_revoke_fence(void);
void caches_revoke_wait(struct heap *heap);

#endif /* ARENA_REVOCATION_H */
