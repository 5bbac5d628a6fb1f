/* SPDX-License-Identifier: BSD-2-Clause */
/* malloc.h - malloc, whichever is preloaded. See ../allocator.h. */
#ifndef BENCH_ALLOCATOR_MALLOC_H
#define BENCH_ALLOCATOR_MALLOC_H

#include <malloc.h>

#define ALLOCATOR_FUNCTION "malloc"

typedef struct {
	char unused;
} handle;

struct pool {
	char unused;
};

/* There is the function of the library that has it. */
extern int mallctl(const char *name, void *old, size_t *old_bytes, void *value,
    size_t bytes) __attribute__((weak));
extern void mi_collect(bool force) __attribute__((weak));
extern void MallocExtension_ReleaseFreeMemory(void) __attribute__((weak));
extern int scalable_allocation_command(int command, void *parameter)
    __attribute__((weak));

static inline bool
pools_can_be_many(void)
{
	return false;
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
	return (handle){ 0 };
}

static inline void
pool_leave(handle own)
{
	(void)own;
}

/* libvmmalloc has none: its variables tell it. */
static inline bool
pool_trim(handle own)
{
	(void)own;
	if (getenv("VMMALLOC_POOL_DIR") != NULL ||
	    getenv("VMMALLOC_KIND") != NULL)
		return false;
	if (mallctl != NULL)
		mallctl("arena.4096.purge", NULL, NULL, NULL, 0);
	else if (mi_collect != NULL)
		mi_collect(true);
	else if (MallocExtension_ReleaseFreeMemory != NULL)
		MallocExtension_ReleaseFreeMemory();
	else if (scalable_allocation_command != NULL)
		scalable_allocation_command(0, NULL);
	else
		malloc_trim(0);
	return true;
}

static inline void *
block_new(handle own, size_t size)
{
	(void)own;
	return malloc(size);
}

static inline void *
block_zeroed(handle own, size_t size)
{
	(void)own;
	return calloc(1, size);
}

static inline void *
block_aligned(handle own, size_t alignment, size_t size)
{
	(void)own;
	return aligned_alloc(alignment, size);
}

static inline void *
block_resized(handle own, void *ptr, size_t size)
{
	(void)own;
	return realloc(ptr, size);
}

static inline void
block_free(handle own, void *ptr)
{
	(void)own;
	free(ptr);
}

static inline void
block_free_unnamed(void *ptr)
{
	free(ptr);
}

static inline const void *
block_owner(void *ptr)
{
	(void)ptr;
	return NULL;
}

#endif /* BENCH_ALLOCATOR_MALLOC_H */
