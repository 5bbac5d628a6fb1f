/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * realloc.c - blocks that change their size or move. See poolkind.h.
 *
 * A block stays where it is if its arena can do that; else it is copied into a
 * new one by the functions of allocate.c and free.c. Takes no lock; what lies
 * behind does. Where there is no new block the old one is as it was.
 */
#include <errno.h>
#include <string.h>

#include "arena/cache.h"
#include "arena/free.h"
#include "arena/home.h"
#include "arena/recording.h"
#include "arena/resize.h"
#include "arena/sampled.h"
#include "base/annotate.h"
#include "base/error.h"
#include "kind/facade.h"
#include "kind/kind.h"

/* A new place for the block. One that is large and grows is likely to grow on,
 * and an arena cuts its place out of free memory, into which it then can: a
 * block of a cache lies between others. */
static void *
place_for(poolkind *kind, const struct block *block, size_t size)
{
	return size > block->usable && !block->slab ?
	    kind_malloc_directly(kind, size) :
	    poolkind_malloc(kind, size);
}

static void *
same_block(struct kind *home, void *ptr, size_t asked)
{
	live_add(&home->live, ptr, asked);
	return ptr;
}

/* Whether the block is as large as a new one of SIZE bytes would be. */
static bool
has_size_for(const struct block *block, size_t size)
{
	return usable_size_for(size) == block->usable ||
	    cache_bin_size[cache_bin_in(block->heap, size)] == block->usable;
}

/* Whether the program, if it is told of the kind's memory, knows of a block
 * that has grown; else the block has what it had again. Its function may have
 * been given while the block grew. */
static bool
may_keep(struct kind *home, void *ptr, size_t before)
{
	struct block block;
	bool keeps;

	if (likely(!map_is_given(home)))
		return true;
	annotate_enter();
	keeps = map_tell(home) || map_knows(home, ptr);
	if (!keeps) {
		block = block_lookup(ptr);
		heap_resize(ptr, &block, before);
		map_empty(home);
	}
	annotate_leave();
	return keeps;
}

/* A block does not grow into memory that the program has to be told of. */
static bool
resize_in_place(
    struct kind *home, void *ptr, const struct block *block, size_t size)
{
	bool grows = size > block->usable;

	return !(grows && map_is_given(home)) &&
	    heap_resize(ptr, block, size) &&
	    (!grows || may_keep(home, ptr, block->usable));
}

/*
 * The block in SIZE bytes: where it is, if KIND or one of its fallbacks is its
 * home and it has that size already or its arena can change it in place; else
 * in a new block of KIND. Of a kind that is full a block cannot shrink by
 * moving; it then stays as it is, which is enough, and only growing fails. Into
 * any other kind than its home it must move, as the caller asked for memory of
 * that kind; and so must a block of the sample (sampled.h), whose pages are
 * more than it was asked for. On failure the old block is untouched.
 */
static void *
reallocate(poolkind *kind, void *ptr, const struct block *block, size_t size)
{
	struct kind *home = kind_of_heap(block->heap);
	bool at_home = home->handle == kind ||
	    kind_may_hold(kind_find(kind), home);
	int saved = errno;
	void *moved;

	if (at_home && !(sampled_any() && sampled_has(ptr)) &&
	    (has_size_for(block, size) ||
		resize_in_place(home, ptr, block, size))) {
		errno = saved;
		return same_block(home, ptr, size);
	}
	moved = place_for(kind, block, size);
	if (moved == NULL) {
		if (!at_home || size > block->usable)
			return NULL;
		/* Nothing failed. */
		atomic_fetch_sub_explicit(
		    &kind_find(kind)->failures, 1, memory_order_relaxed);
		errno = saved;
		return same_block(home, ptr, size);
	}
	memcpy(moved, ptr, min_size(size, block->usable));
	poolkind_free(NULL, ptr);
	return moved;
}

/* Out of the account before the arena frees the old place, for the same reason
 * as in debug_take(), and into it again wherever the block is afterwards. */
EXPORT void *
poolkind_defragment(void *ptr)
{
	struct block block;
	size_t asked = 0;
	struct kind *home;
	void *moved;

	if (!kind_block_of(ptr, &block) ||
	    map_is_given(kind_of_heap(block.heap)))
		return NULL;
	if (!DEBUGGING)
		return heap_defragment(ptr, &block);
	home = kind_of_heap(block.heap);
	live_take(&home->live, ptr, &asked);
	moved = heap_defragment(ptr, &block);
	live_add(&home->live, moved != NULL ? moved : ptr, asked);
	return moved;
}

/* A block of the bin, from which none comes by the quick path where each is
 * recorded: that is TOLD of it. */
static ALWAYS_INLINE void *
take(struct cache *cache, unsigned number, bool told)
{
	void *ptr = cache_take(cache, number);

	if (likely(ptr != NULL) || !told || !heap_is_recorded(cache->heap) ||
	    !recording_wants_all(cache_bin_size[number]))
		return ptr;
	return cache_take_chosen(cache, number);
}

/*
 * The block in SIZE bytes, if CACHE knows its bin and has a block of the other,
 * without a look-up; else NULL. Not where both are large, and the block might
 * stay where it is. What the old one has is the size of its bin. TOLD: whoever
 * records, and watches its page (arena/recording.h), knows of it.
 */
static ALWAYS_INLINE void *
resized_in(struct cache *cache, void *ptr, size_t size, bool told)
{
	unsigned from, to;
	void *moved;

	if (DEBUGGING || cache == NULL || size - 1 >= CACHE_SIZE_MAX ||
	    !cache_find_bin(cache, ptr, &from))
		return NULL;
	if (unlikely(from == BIN_WATCHED) && told)
		from = heap_watched_bin(ptr);
	if (!cache_serves(cache, from, ptr))
		return NULL;
	to = bin_for(size);
	if (to == from)
		return ptr;
	if (from > BIN_SLAB_MAX && to > BIN_SLAB_MAX)
		return NULL;
	moved = take(cache, to, told);
	if (moved == NULL)
		return NULL;
	memcpy(moved, ptr, min_size(size, cache_bin_size[from]));
	if (!cache_put(cache, from, ptr))
		poolkind_free(NULL, ptr);
	return moved;
}

/* The cache that is likely to know PTR, which may be anything. */
static inline struct cache *
cache_for(poolkind *kind, const void *ptr)
{
	return thread_self->cache[kind != NULL ? kind_id(kind) : home_of(ptr)];
}

EXPORT void *
poolkind_realloc_if_quick(poolkind *kind, void *ptr, size_t size)
{
	return resized_in(cache_for(kind, ptr), ptr, size, false);
}

EXPORT void *
poolkind_realloc_recorded(void *ptr, size_t size)
{
	return resized_in(cache_for(NULL, ptr), ptr, size, true);
}

/*
 * Where a cache does not know the block it is looked up first, since a pointer
 * that is none must be answered, not followed. A child that was refused its
 * kind has no pages to copy from, and gets EPERM. A size of 0 frees, which C
 * leaves open and poolkind.h promises.
 */
EXPORT void *
poolkind_realloc(poolkind *kind, void *ptr, size_t size)
{
	struct block block;
	void *moved;

	if (ptr == NULL && kind != NULL)
		return poolkind_malloc(kind, size);
	moved = resized_in(cache_for(kind, ptr), ptr, size, false);
	if (likely(moved != NULL))
		return moved;
	if (ptr == NULL) {
		error_set(EINVAL,
		    "neither a kind nor a block: one is needed "
		    "to know where memory should come from");
		return NULL;
	}
	if (size == 0) {
		poolkind_free(kind, ptr);
		return NULL;
	}
	if (!kind_block_of(ptr, &block))
		return NULL;
	if (source_refused(block.heap->source))
		return kind_no_block(kind_of_heap(block.heap));
	if (kind == NULL)
		kind = kind_of_heap(block.heap)->handle;
	return reallocate(kind, ptr, &block, size);
}
