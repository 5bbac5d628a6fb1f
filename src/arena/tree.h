/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tree.h - reads of jemalloc's radix tree, as free.c does them inline: what it
 * says of a block stays in registers. See lookup.c, which has the rest.
 */
#ifndef ARENA_TREE_H
#define ARENA_TREE_H

#include "arena/slot.h"

#include "arena/cache.h"
#include "arena/page_bin_index.h"

/* What the tree says of a page, as the start of a block: false if no block can
 * start at PTR. */
static ALWAYS_INLINE bool
is_block(const void *ptr, const rtree_contents_t *contents)
{
	if (likely(contents->metadata.slab))
		return true;
	return contents->edata != NULL &&
	    contents->metadata.szind < SC_NSIZES &&
	    contents->metadata.state == extent_state_active &&
	    edata_base_get(contents->edata) == ptr;
}

/* Whether caches serve the block: small ones, and those large ones that are as
 * large as their class. jemalloc has large blocks of any number of pages. */
static ALWAYS_INLINE bool
is_cacheable(const rtree_contents_t *contents)
{
	unsigned number = contents->metadata.szind + 1;

	return number < CACHE_BINS &&
	    (contents->metadata.slab ||
		edata_usize_get(contents->edata) == cache_bin_size[number]);
}

/* Looks where the thread last found something in the same GiB. */
static ALWAYS_INLINE bool
look_up_again(
    const struct thread *thread, const void *ptr, rtree_contents_t *contents)
{
	const rtree_ctx_t *context = (const rtree_ctx_t *)(const void *)
					 thread->lookup;
	uintptr_t key = (uintptr_t)ptr;

	const rtree_ctx_cache_elm_t
	    *known = &context->cache[rtree_cache_direct_map(key)];
	if (unlikely(known->leafkey != rtree_leafkey(key)))
		return false;
	*contents = rtree_leaf_elm_read(NULL, &arena_emap_global.rtree,
	    &known->leaf[rtree_subkey(key, RTREE_HEIGHT - 1)], false);
	return is_block(ptr, contents);
}

static inline struct arena_slot *
slot_of(const rtree_contents_t *contents)
{
	return &arena_slots[edata_arena_ind_get(contents->edata)];
}

/* NULL: the block's heap is closed. */
static inline struct heap *
heap_of(const rtree_contents_t *contents)
{
	return atomic_load_explicit(
	    &slot_of(contents)->heap, memory_order_relaxed);
}

/* What the owner of a block may use of it. The class of a slab's blocks is in
 * the tree, and read in one load with the state of the page, so the two fit
 * together. A large block has any number of pages, and its extent has that;
 * less a pad that jemalloc puts behind large blocks, which is 0 here (start.c).
 */
static inline size_t
usable_of(const rtree_contents_t *contents)
{
	return contents->metadata.slab ?
	    sz_index2size(contents->metadata.szind) :
	    edata_size_get(contents->edata) - sz_large_pad;
}

/* Whether PTR points into a small block, and not to its start: costs a look at
 * the extent's metadata, which the fast path does without. */
static inline bool
is_inside(const void *ptr, const rtree_contents_t *contents)
{
	return contents->metadata.slab &&
	    ((uintptr_t)ptr - (uintptr_t)edata_addr_get(contents->edata)) %
		sz_index2size(contents->metadata.szind) !=
	    0;
}

/* Whether a block above CACHE_SIZE_MAX waits in some cache: see
 * page_bin_index.h. */
static inline bool
is_in_cache(const void *ptr, const rtree_contents_t *contents)
{
	const unsigned char *entry;

	if (contents->metadata.szind + 1 < BIN_LARGE || !is_cacheable(contents))
		return false;
	entry = page_bin_of(ptr);
	return entry != NULL && __atomic_load_n(entry, __ATOMIC_RELAXED) == 0;
}

/* Looks the whole way; false if no block starts at PTR, or one that is free. */
static inline bool
look_up(const void *ptr, rtree_contents_t *contents)
{
	struct thread *thread = thread_self;
	rtree_ctx_t fallback;
	rtree_ctx_t *context = (rtree_ctx_t *)(void *)thread->lookup;

	if ((uintptr_t)ptr >> LG_VADDR != 0 || ptr == NULL)
		return false;
	if (!thread->has_lookup) {
		context = &fallback;
		rtree_ctx_data_init(context);
	}
	return !rtree_read_independent(NULL, &arena_emap_global.rtree, context,
		   (uintptr_t)ptr, contents) &&
	    is_block(ptr, contents) && !is_inside(ptr, contents) &&
	    !is_in_cache(ptr, contents);
}

#endif /* ARENA_TREE_H */
