/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * allocator.h - one interface to the allocators that are compared, chosen when
 * a program is compiled, so that a block costs the call of its library and
 * nothing else: ALLOCATOR_POOLKIND, ALLOCATOR_DLOPEN (the same, loaded late),
 * ALLOCATOR_MEMKIND, ALLOCATOR_MALLOCX (jemalloc's arenas, with thread caches
 * of the program), ALLOCATOR_MI_HEAP (mimalloc's heaps), or plain malloc. Each
 * is a file in allocator/.
 *
 * What threads share is a pool: a kind or an arena. A thread enters it, gets a
 * handle to allocate by, and leaves it again. Where a pool lies says PLACE:
 * dram, file or fixed; files are made in POOL_DIR. What an allocator does not
 * have gives false, or NULL.
 *
 * Each file has the types handle and struct pool, ALLOCATOR_FUNCTION, the name
 * of the function that is measured, and:
 *
 *	bool pools_can_be_many(void)
 *	bool pool_open(struct pool *pool, size_t bytes)
 *	void pool_close(struct pool *pool)
 *	handle pool_enter(struct pool *pool)
 *	void pool_leave(handle own)
 *	bool pool_trim(handle own)
 *	void *block_new(handle own, size_t size)
 *	void *block_zeroed(handle own, size_t size)
 *	void *block_aligned(handle own, size_t alignment, size_t size)
 *	void *block_resized(handle own, void *ptr, size_t size)
 *	void block_free(handle own, void *ptr)
 *	void block_free_unnamed(void *ptr)
 *	const void *block_owner(void *ptr)
 */
#ifndef BENCH_ALLOCATOR_H
#define BENCH_ALLOCATOR_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static inline bool
place_is(const char *place)
{
	const char *set = getenv("PLACE");

	return strcmp(set == NULL ? "dram" : set, place) == 0;
}

static inline const char *
pool_directory(void)
{
	const char *set = getenv("POOL_DIR");

	return set == NULL ? "/dev/shm" : set;
}

/* Memory from the system that nobody has touched, or NULL. */
static inline void *
region_new(size_t bytes)
{
	void *region = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return region == MAP_FAILED ? NULL : region;
}

#if defined(ALLOCATOR_POOLKIND)
#include "allocator/poolkind.h"
#elif defined(ALLOCATOR_DLOPEN)
#include "allocator/dlopen.h"
#elif defined(ALLOCATOR_MEMKIND)
#include "allocator/memkind.h"
#elif defined(ALLOCATOR_MALLOCX)
#include "allocator/mallocx.h"
#elif defined(ALLOCATOR_MI_HEAP)
#include "allocator/mi_heap.h"
#else
#include "allocator/malloc.h"
#endif

#endif /* BENCH_ALLOCATOR_H */
