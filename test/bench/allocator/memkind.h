/* SPDX-License-Identifier: BSD-2-Clause */
/* memkind.h - kinds of libmemkind, whichever is loaded. See ../allocator.h. */
#ifndef BENCH_ALLOCATOR_MEMKIND_H
#define BENCH_ALLOCATOR_MEMKIND_H

#include <memkind.h>

#define ALLOCATOR_FUNCTION "memkind_malloc"

typedef memkind_t handle;

#include "kinds.h"

/* Of ordinary memory there is the one that is there. */
static inline bool
pools_can_be_many(void)
{
	return !place_is("dram");
}

static inline bool
pool_open(struct pool *pool, size_t bytes)
{
	pool->kind = MEMKIND_DEFAULT;
	pool_provide(pool, bytes);
	if (place_is("fixed"))
		return memkind_create_fixed(pool->region, bytes, &pool->kind) ==
		    0;
	return !place_is("file") ||
	    memkind_create_pmem(pool_directory(), bytes, &pool->kind) == 0;
}

static inline void
pool_close(struct pool *pool)
{
	if (pool->kind != MEMKIND_DEFAULT)
		memkind_destroy_kind(pool->kind);
	pool_give_back(pool);
}

static inline bool
pool_trim(handle own)
{
	(void)own;
	return false;
}

static inline void *
block_new(handle own, size_t size)
{
	return memkind_malloc(own, size);
}

static inline void *
block_zeroed(handle own, size_t size)
{
	return memkind_calloc(own, 1, size);
}

static inline void *
block_aligned(handle own, size_t alignment, size_t size)
{
	void *ptr;

	return memkind_posix_memalign(own, &ptr, alignment, size) == 0 ? ptr :
									 NULL;
}

static inline void *
block_resized(handle own, void *ptr, size_t size)
{
	return memkind_realloc(own, ptr, size);
}

static inline void
block_free(handle own, void *ptr)
{
	memkind_free(own, ptr);
}

static inline void
block_free_unnamed(void *ptr)
{
	memkind_free(NULL, ptr);
}

static inline const void *
block_owner(void *ptr)
{
	return memkind_detect_kind(ptr);
}

#endif /* BENCH_ALLOCATOR_MEMKIND_H */
