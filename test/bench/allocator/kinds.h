/* SPDX-License-Identifier: BSD-2-Clause */
/* kinds.h - what libraries of kinds have in common: all threads allocate by the
 * kind itself, and one in a region has memory of ours. Included behind the type
 * handle. */
#ifndef BENCH_ALLOCATOR_KINDS_H
#define BENCH_ALLOCATOR_KINDS_H

struct pool {
	handle kind;
	void *region; /* or NULL */
	size_t bytes;
};

static inline void
pool_provide(struct pool *pool, size_t bytes)
{
	pool->region = place_is("fixed") ? region_new(bytes) : NULL;
	pool->bytes = bytes;
}

static inline void
pool_give_back(struct pool *pool)
{
	if (pool->region != NULL)
		munmap(pool->region, pool->bytes);
}

static inline handle
pool_enter(struct pool *pool)
{
	return pool->kind;
}

static inline void
pool_leave(handle own)
{
	(void)own;
}

#endif /* BENCH_ALLOCATOR_KINDS_H */
