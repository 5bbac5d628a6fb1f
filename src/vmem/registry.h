/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * registry.h - which pools are alive, and the kind behind a handle.
 *
 * Owns the records of pools. A handle is looked up in two ways: by the list of
 * all, under the lock, which decides; and on each allocation through a hash
 * table without any lock, which holds the pools whose first block was asked
 * for. Records lie in a static array and are used again, so a reader that comes
 * late finds a record that is not its own, and goes the other way.
 *
 * Called by the files of vmem/. The lock comes before all of the engine's, and
 * nobody's function is called under it. Adding fails when all records are used.
 */
#ifndef VMEM_REGISTRY_H
#define VMEM_REGISTRY_H

#include <stdatomic.h>

#include "base/base.h"
#include "libvmem.h"
#include "poolkind.h"

#define REGISTRY_POOLS_MAX 4096 /* the engine has less */
#define REGISTRY_BUCKETS 4096

/* What a pool has for itself, from malloc_func where one is set: the text that
 * it is about to print. */
#define POOL_STATE_BYTES ((size_t)6144)

struct pool {
	_Atomic(const VMEM *) handle;        /* NULL: in no bucket */
	_Atomic(poolkind *) kind;
	_Atomic(struct pool *) in_bucket;
	struct pool *next, **link;           /* all pools, or free records */
	char *begin;                         /* what it was made of */
	size_t bytes;
	_Atomic(char *) state;
	void (*state_free)(void *state);
};

extern _Atomic(struct pool *) registry_buckets[REGISTRY_BUCKETS];

static inline size_t
registry_hash(const VMEM *handle)
{
	return ((uintptr_t)handle >> PAGE_SHIFT) * 0x9e3779b97f4a7c15u >> 52;
}

/* The kind of a pool that is in use; NULL: ask registry_use(). */
static inline poolkind *
registry_kind(const VMEM *handle)
{
	const struct pool *pool = atomic_load_explicit(
	    &registry_buckets[registry_hash(handle)], memory_order_acquire);

	while (likely(pool != NULL)) {
		if (likely(atomic_load_explicit(&pool->handle,
		    memory_order_relaxed) == handle))
			return atomic_load_explicit(&pool->kind,
			    memory_order_relaxed);
		pool = atomic_load_explicit(&pool->in_bucket,
		    memory_order_acquire);
	}
	return NULL;
}

/* The same, for a handle that the table does not have: makes its state first.
 * NULL with EINVAL and a message, or with ENOMEM. */
poolkind *registry_use(const VMEM *handle);

/* Enters a pool of BYTES at BEGIN on the kind; NULL: there are too many. */
VMEM *registry_add(poolkind *kind, void *begin, size_t bytes);

/* Takes the pool out, for its kind to be closed: NULL if there is none. */
poolkind *registry_remove(const VMEM *handle);

/* Between these two no pool comes or goes. registry_find() needs that. */
void registry_hold(void);
void registry_release(void);
struct pool *registry_find(const VMEM *handle);
struct pool *registry_first(void);

/* Another pool that shares addresses with BYTES at BEGIN, but OWN. */
struct pool *registry_overlap(const void *begin, size_t bytes,
    const struct pool *own);

#endif /* VMEM_REGISTRY_H */
