/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mallocx.h - jemalloc's arenas, and a cache for each thread and arena, which
 * the program has to make. What of jemalloc's header is needed is declared
 * here. See ../allocator.h.
 */
#ifndef BENCH_ALLOCATOR_MALLOCX_H
#define BENCH_ALLOCATOR_MALLOCX_H

#define ALLOCATOR_FUNCTION "mallocx"
#define FLAG_ZERO 0x40
#define FLAG_NO_CACHE 0x100
#define FLAG_CACHE(number) ((int)((number) + 2) << 8)
#define FLAG_ARENA(number) ((int)((number) + 1) << 20)

extern void *mallocx(size_t size, int flags);
extern void *rallocx(void *ptr, size_t size, int flags);
extern void dallocx(void *ptr, int flags);
extern int mallctl(
    const char *name, void *old, size_t *old_bytes, void *value, size_t bytes);

typedef struct {
	int flags;
	unsigned arena, cache;
	bool has_cache;
} handle;

struct pool {
	unsigned arena;
};

static inline bool
pools_can_be_many(void)
{
	return true;
}

static inline bool
new_number(const char *name, unsigned *number)
{
	size_t bytes = sizeof(*number);

	return mallctl(name, number, &bytes, NULL, 0) == 0;
}

static inline bool
arena_control(unsigned arena, const char *what)
{
	char name[64];

	snprintf(name, sizeof(name), "arena.%u.%s", arena, what);
	return mallctl(name, NULL, NULL, NULL, 0) == 0;
}

static inline void
cache_control(handle own, const char *name)
{
	if (own.has_cache)
		mallctl(name, NULL, NULL, &own.cache, sizeof(own.cache));
}

static inline bool
pool_open(struct pool *pool, size_t bytes)
{
	(void)bytes;
	return new_number("arenas.create", &pool->arena);
}

static inline void
pool_close(struct pool *pool)
{
	arena_control(pool->arena, "destroy");
}

/* Some 4000 caches can be had; a thread can do without. */
static inline handle
pool_enter(struct pool *pool)
{
	handle own = { .arena = pool->arena };

	own.has_cache = new_number("tcache.create", &own.cache);
	own.flags = FLAG_ARENA(pool->arena) |
	    (own.has_cache ? FLAG_CACHE(own.cache) : FLAG_NO_CACHE);
	return own;
}

static inline void
pool_leave(handle own)
{
	cache_control(own, "tcache.destroy");
}

static inline bool
pool_trim(handle own)
{
	cache_control(own, "tcache.flush");
	return arena_control(own.arena, "purge");
}

static inline void *
block_new(handle own, size_t size)
{
	return mallocx(size, own.flags);
}

static inline void *
block_zeroed(handle own, size_t size)
{
	return mallocx(size, own.flags | FLAG_ZERO);
}

static inline void *
block_aligned(handle own, size_t alignment, size_t size)
{
	return mallocx(size, own.flags | __builtin_ctzl(alignment));
}

static inline void *
block_resized(handle own, void *ptr, size_t size)
{
	return ptr == NULL ? mallocx(size, own.flags) :
			     rallocx(ptr, size, own.flags);
}

static inline void
block_free(handle own, void *ptr)
{
	dallocx(ptr, own.flags);
}

static inline void
block_free_unnamed(void *ptr)
{
	dallocx(ptr, 0);
}

static inline const void *
block_owner(void *ptr)
{
	unsigned arena;
	size_t bytes = sizeof(arena);

	if (mallctl("arenas.lookup", &arena, &bytes, &ptr, sizeof(ptr)) != 0)
		return NULL;
	return (const void *)(uintptr_t)arena;
}

#endif /* BENCH_ALLOCATOR_MALLOCX_H */
