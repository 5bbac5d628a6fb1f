/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * revocation.c - see revocation.h, which has the argument.
 *
 * Owns whether the kernel has membarrier(2).
 */
#include "arena/revocation.h"

#include "os/os.h"

uint32_t cache_usable = CACHE_USABLE;

void
revocation_start(void)
{
	cache_usable = os_barrier_prepare() ? CACHE_USABLE :
					      CACHE_USABLE_FENCED;
}

/* ---- The owner ---------------------------------------------------------- */

bool
cache_enter_fenced(struct cache *cache)
{
	atomic_store_explicit(&cache->inside, 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_seq_cst);
	if (atomic_load(&cache->revocation) == cache_usable)
		return true;
	atomic_store_explicit(&cache->inside, 0, memory_order_release);
	return false;
}

/* ---- The revoker -------------------------------------------------------- */

void
caches_revoke_begin(struct heap *heap)
{
	lock_take(&heap->lock);
	for (struct cache *c = heap->caches; c != NULL; c = c->heap_next)
		atomic_store(&c->revocation, CACHE_REVOKED);
}

void
caches_revoke_fence(void)
{
	if (cache_usable == CACHE_USABLE_FENCED)
		atomic_thread_fence(memory_order_seq_cst);
	else
		os_barrier();
}

void
caches_revoke_wait(struct heap *heap)
{
	for (struct cache *c = heap->caches; c != NULL; c = c->heap_next)
		wait_while(&c->inside, 1);
}

void
caches_revoke(struct heap *heap)
{
	caches_revoke_begin(heap);
	if (heap->caches != NULL)
		caches_revoke_fence();
	caches_revoke_wait(heap);
}

void
caches_restore(struct heap *heap)
{
	for (struct cache *c = heap->caches; c != NULL; c = c->heap_next)
		atomic_store_explicit(
		    &c->revocation, cache_usable, memory_order_release);
	lock_give(&heap->lock);
}
