/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mi_heap.h - mimalloc's heaps, which belong to one thread: one that enters a
 * pool gets a heap of its own. What of mimalloc's header is needed is declared
 * here. See ../allocator.h.
 */
#ifndef BENCH_ALLOCATOR_MI_HEAP_H
#define BENCH_ALLOCATOR_MI_HEAP_H

#define ALLOCATOR_FUNCTION "mi_heap_malloc"

typedef struct mi_heap_s *handle;

struct pool {
	char unused;
};

extern handle mi_heap_new(void);
extern void mi_heap_delete(handle heap);
extern void mi_heap_collect(handle heap, bool force);
extern void *mi_heap_malloc(handle heap, size_t size);
extern void *mi_heap_zalloc(handle heap, size_t size);
extern void *mi_heap_malloc_aligned(handle heap, size_t size, size_t alignment);
extern void *mi_heap_realloc(handle heap, void *ptr, size_t size);
extern void mi_free(void *ptr);

static inline bool
pools_can_be_many(void)
{
	return true;
}

static inline bool
pool_open(struct pool *pool, size_t bytes)
{
	(void)pool;
	(void)bytes;
	return true;
}

static inline void
pool_close(struct pool *pool)
{
	(void)pool;
}

static inline handle
pool_enter(struct pool *pool)
{
	(void)pool;
	return mi_heap_new();
}

/* Blocks that are left go to the thread's own heap. */
static inline void
pool_leave(handle own)
{
	mi_heap_delete(own);
}

static inline bool
pool_trim(handle own)
{
	mi_heap_collect(own, true);
	return true;
}

static inline void *
block_new(handle own, size_t size)
{
	return mi_heap_malloc(own, size);
}

static inline void *
block_zeroed(handle own, size_t size)
{
	return mi_heap_zalloc(own, size);
}

static inline void *
block_aligned(handle own, size_t alignment, size_t size)
{
	return mi_heap_malloc_aligned(own, size, alignment);
}

static inline void *
block_resized(handle own, void *ptr, size_t size)
{
	return mi_heap_realloc(own, ptr, size);
}

static inline void
block_free(handle own, void *ptr)
{
	(void)own;
	mi_free(ptr);
}

static inline void
block_free_unnamed(void *ptr)
{
	mi_free(ptr);
}

static inline const void *
block_owner(void *ptr)
{
	(void)ptr;
	return NULL;
}

#endif /* BENCH_ALLOCATOR_MI_HEAP_H */
