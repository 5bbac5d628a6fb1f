/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * registry.h - which pools are alive, and the kind behind a handle.
 *
 * Owns the records of pools. A handle is looked up in two ways. The list of all
 * pools, under the lock, decides whether it is one. On each allocation it is
 * looked up without a lock: in what the thread found last, else in a hash table
 * of the pools from which a block was asked for. A reader without the lock can
 * miss its pool in the table when others come and go meanwhile, and then asks
 * the list; it never gets another pool's kind. registry.c has the argument.
 *
 * Called by the files of vmem/. The lock comes before all of the engine's, and
 * nobody's function is called under it, but for print_func when the process
 * ends (print.c). Adding fails when all records are used.
 */
#ifndef VMEM_REGISTRY_H
#define VMEM_REGISTRY_H

#include <stdatomic.h>

#include "base/base.h"
#include "libvmem.h"
#include "poolkind.h"

#define REGISTRY_POOLS_MAX 4096 /* the engine has less */

/* What a pool has for itself, from malloc_func where one is set: room for the
 * text that is about to be printed. */
#define POOL_STATE_BYTES ((size_t)6144)

struct pool {
	_Atomic(const VMEM *) handle; /* NULL: in no bucket */
	_Atomic(poolkind *) kind;     /* NULL: not alive yet */
	_Atomic(struct pool *) in_bucket;
	struct pool *next, **link; /* all pools, or free records */
	char *begin;               /* what it was made of */
	size_t bytes;
	char *state; /* NULL: none yet */
	void (*state_free)(void *state);
	bool state_is_lent; /* to the thread that prints into it */
};

/* The handle that the thread looked up last, and its kind. Valid as long as
 * registry_removals is what it was then: removing any pool makes it invalid.
 * That number is odd, so that the memo of a thread that has looked nothing up
 * is valid for no handle, whatever a program passes for one. */
struct registry_memo {
	const VMEM *handle;
	poolkind *kind;
	unsigned removals;
};
extern _Thread_local struct registry_memo registry_memo
    __attribute__((tls_model("initial-exec")));
extern _Atomic unsigned registry_removals;

/* The kind of a pool, if the thread found that one last; else NULL. */
static inline poolkind *
registry_remembered(const VMEM *handle)
{
	if (unlikely(registry_memo.handle != handle ||
		registry_memo.removals !=
		    atomic_load_explicit(
			&registry_removals, memory_order_relaxed)))
		return NULL;
	if (registry_memo.kind == NULL)
		__builtin_unreachable();
	return registry_memo.kind;
}

/* The kind of a pool that is in use, else NULL. */
poolkind *registry_look_up(const VMEM *handle);

/* Enters a pool of BYTES at BEGIN, so that no other can begin there; it is
 * alive once it has its kind. NULL with a message: EINVAL (there is one),
 * ENOMEM. */
struct pool *registry_claim(void *begin, size_t bytes);
VMEM *registry_enliven(struct pool *pool, poolkind *kind);
void registry_give_up(struct pool *pool);

/* Takes the pool out, for its kind to be closed: NULL if there is none. */
poolkind *registry_remove(const VMEM *handle);

/* Take and give the lock, under which no pool is created or deleted. What
 * follows needs it. */
void registry_hold(void);
void registry_release(void);
struct pool *registry_find(const VMEM *handle);
struct pool *registry_first(void);

/* Lets registry_look_up() find the pool: from its first block on. */
void registry_enter(struct pool *pool);

/* Another pool that shares addresses with BYTES at BEGIN, but OWN. */
struct pool *registry_overlap(
    const void *begin, size_t bytes, const struct pool *own);

#endif /* VMEM_REGISTRY_H */
