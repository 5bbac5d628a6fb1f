/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * heap.c - the heap of libmemtier: all blocks come from one memory of tiers,
 * whose policy chooses. See interpose/heap.h.
 *
 * Owns that memory, made by the constructor and never deleted. What is
 * allocated before, or by those who look at the machine for a tier, comes from
 * MEMKIND_DEFAULT, and counts for it. Takes no lock.
 */
#include <stdatomic.h>

#include "base/base.h"
#include "interpose/heap.h"
#include "memtier/log.h"
#include "memtier/tiers.h"

static _Atomic(struct memtier_memory *) memory;

/* The memory, and heap_inside up; NULL where MEMKIND_DEFAULT has to do. */
static inline struct memtier_memory *
enter(void)
{
	struct memtier_memory *tiers = atomic_load_explicit(
	    &memory, memory_order_acquire);

	if (unlikely(tiers == NULL || heap_inside))
		return NULL;
	heap_inside = true;
	return tiers;
}

static inline void
leave(void)
{
	heap_inside = false;
}

void *
heap_malloc(size_t size)
{
	struct memtier_memory *tiers = enter();
	void *block;

	if (unlikely(tiers == NULL))
		return memtier_kind_malloc(MEMKIND_DEFAULT, size);
	block = memtier_malloc(tiers, size);
	leave();
	return block;
}

void *
heap_calloc(size_t size)
{
	struct memtier_memory *tiers = enter();
	void *block;

	if (unlikely(tiers == NULL))
		return memtier_kind_calloc(MEMKIND_DEFAULT, 1, size);
	block = memtier_calloc(tiers, 1, size);
	leave();
	return block;
}

int
heap_memalign(void **block, size_t alignment, size_t size)
{
	struct memtier_memory *tiers = enter();
	int error;

	if (unlikely(tiers == NULL))
		return memtier_kind_posix_memalign(
		    MEMKIND_DEFAULT, block, alignment, size);
	error = memtier_posix_memalign(tiers, block, alignment, size);
	leave();
	return error;
}

void *
heap_realloc(memkind_t kind, void *block, size_t size)
{
	return memtier_kind_realloc(kind, block, size);
}

bool
heap_free(void *ptr)
{
	memkind_t kind = memkind_detect_kind(ptr);

	if (unlikely(kind == NULL))
		return false;
	memtier_kind_free(kind, ptr);
	return true;
}

static __attribute__((constructor)) void
start(void)
{
	static struct settings settings;

	heap_inside = true;
	log_open();
	settings_read(&settings);
	memory = tiers_make(&settings);
	log_info("tiers: %u, policy: %s", settings.tier_count,
	    settings.policy == MEMTIER_POLICY_STATIC_RATIO ?
		"STATIC_RATIO" :
		"DYNAMIC_THRESHOLD");
	heap_inside = false;
}
