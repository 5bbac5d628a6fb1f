/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * count.c - blocks that a facade counts. See kind/facade.h, and arena/count.h
 * for where the counts are.
 *
 * Owns nothing. Takes no lock; what lies behind does. The debug library's
 * allocations do not go through the fast path, which knows nothing of its
 * account of blocks.
 */
#include "arena/count.h"

#include "base/annotate.h"
#include "kind/facade.h"
#include "kind/kind.h"

static void *
malloc_quickly(const poolkind *kind, size_t size)
{
#ifdef POOLKIND_DEBUG
	(void)kind;
	(void)size;
	return NULL;
#else
	return cache_malloc_counted(kind_id(kind), size);
#endif
}

/* A block that did not come out of the cache is looked up, and counts for the
 * heap that it is of: another place's, or that of a kind to fall back to. */
static void *__attribute__((noinline))
malloc_slowly(poolkind *kind, size_t size)
{
	void *ptr = poolkind_malloc(kind, size);

	poolkind_count(ptr, true);
	return ptr;
}

EXPORT void *
poolkind_malloc_counted(poolkind *kind, size_t size)
{
	void *ptr = malloc_quickly(kind, size);

	return likely(ptr != NULL) ? ptr : malloc_slowly(kind, size);
}

/* Resizes a block to a size that is not 0. Most often it stays where it is, and
 * in its class, and there is nothing to count. Else what it had is taken off
 * afterwards, by what is known from before: its place may be another thread's
 * by then. */
EXPORT void *
poolkind_realloc_counted(poolkind *kind, void *ptr, size_t size)
{
	struct block block = block_lookup(ptr);
	void *moved = poolkind_realloc(kind, ptr, size);

	if (moved == NULL ||
	    (moved == ptr && block.usable == usable_size_for(size)))
		return moved;
	heap_count(block.heap, -(int64_t)block.usable);
	poolkind_count(moved, true);
	return moved;
}

EXPORT void
poolkind_count(const void *ptr, bool counts)
{
	struct block block = block_lookup(ptr);

	if (block.heap != NULL)
		heap_count(block.heap,
		    counts ? (int64_t)block.usable : -(int64_t)block.usable);
}

/* A sum may be below zero: while others count, and where blocks that never
 * counted were freed as ones that do. */
static size_t
at_least_zero(int64_t bytes)
{
	return bytes < 0 ? 0 : (size_t)bytes;
}

EXPORT size_t
poolkind_counted(const poolkind *handle)
{
	struct kind *kind = kind_of(handle);
	int64_t bytes;

	if (kind == NULL)
		return 0;
	annotate_enter();
	bytes = heaps_counted(kind_heap(kind, 0), kind_heaps(kind));
	annotate_leave();
	return at_least_zero(bytes);
}

/* For a kind that is not open as well, which has nothing: no misuse. */
EXPORT size_t
poolkind_counted_about(const poolkind *handle)
{
	const struct kind *kind = kind_find(handle);
	const struct cache *cache;

	if (kind == NULL)
		return 0;
	cache = thread_self->cache[kind_id(handle)];
	return at_least_zero(cache != NULL ?
		cache_counted(cache) :
		atomic_load_explicit(
		    &kind->heap.settled_here, memory_order_relaxed));
}
