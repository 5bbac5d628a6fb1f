/* SPDX-License-Identifier: BSD-2-Clause */
/* poolkind.h - kinds of poolkind. See ../allocator.h. */
#ifndef BENCH_ALLOCATOR_POOLKIND_H
#define BENCH_ALLOCATOR_POOLKIND_H

#include <poolkind.h>

#define ALLOCATOR_FUNCTION "poolkind_malloc"

typedef poolkind *handle;

#include "kinds.h"

static inline bool
pools_can_be_many(void)
{
	return true;
}

static inline bool
pool_open(struct pool *pool, size_t bytes)
{
	char text[4096] = "dram";

	pool_provide(pool, bytes);
	if (place_is("file"))
		snprintf(text, sizeof(text), "file:%s,size=%zu",
		    pool_directory(), bytes);
	pool->kind = place_is("fixed") ?
	    poolkind_open_region(pool->region, bytes, NULL, 0) :
	    poolkind_open(text, 0);
	return pool->kind != NULL;
}

static inline void
pool_close(struct pool *pool)
{
	poolkind_close(pool->kind);
	pool_give_back(pool);
}

static inline bool
pool_trim(handle own)
{
	return poolkind_trim(own) == 0;
}

static inline void *
block_new(handle own, size_t size)
{
	return poolkind_malloc(own, size);
}

static inline void *
block_zeroed(handle own, size_t size)
{
	return poolkind_calloc(own, 1, size);
}

static inline void *
block_aligned(handle own, size_t alignment, size_t size)
{
	return poolkind_aligned_alloc(own, alignment, size);
}

static inline void *
block_resized(handle own, void *ptr, size_t size)
{
	return poolkind_realloc(own, ptr, size);
}

static inline void
block_free(handle own, void *ptr)
{
	poolkind_free(own, ptr);
}

static inline void
block_free_unnamed(void *ptr)
{
	poolkind_free(NULL, ptr);
}

static inline const void *
block_owner(void *ptr)
{
	return poolkind_of(ptr);
}

#endif /* BENCH_ALLOCATOR_POOLKIND_H */
