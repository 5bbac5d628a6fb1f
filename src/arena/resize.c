/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * resize.c - see resize.h.
 *
 * Owns nothing. Both go past the caches: a block that grows takes what lies
 * behind it in the segment, one that is moved goes to a slab that jemalloc
 * chooses.
 */
#include "arena/slot.h"

#include "arena/arenas.h"
#include "arena/page_bin_index.h"
#include "arena/resize.h"

/* A large block that stays one. Of what the parent of a fork had nothing is
 * handed out, nor given back. */
static bool
may_resize(const struct block *block, size_t size)
{
	return !block->slab && size > SC_SMALL_MAXCLASS &&
	    size <= SC_LARGE_MAXCLASS && !source_inherited(block->heap->source);
}

bool
heap_resize(void *ptr, const struct block *block, size_t size)
{
	struct arena_slot *slot = block->slot;
	size_t usable;
	bool failed;

	if (!may_resize(block, size))
		return false;
	annotate_enter();
	slot_enter(slot);
	failed = arena_ralloc_no_move(
	    tsdn_here(), ptr, block->usable, size, 0, false, &usable);
	slot_leave(slot);
	if (!failed) {
		page_bin_enter_one(ptr, usable);
		arenas_got_back(block->heap, slot);
		annotate_resized(ptr, block->usable, usable);
	}
	annotate_leave();
	return !failed;
}

/* Whether the slab that PTR lies in has more room than those of its class have
 * on average, and is not the one that blocks are taken from just now. */
static bool
is_in_sparse_slab(const void *ptr, tsdn_t *tsdn)
{
	const edata_t *slab = emap_edata_lookup(tsdn, &arena_emap_global, ptr);
	inspect_extent_util_stats_verbose_t of;

	inspect_extent_util_stats_verbose_get(tsdn, ptr, &of.nfree, &of.nregs,
	    &of.size, &of.bin_nfree, &of.bin_nregs, &of.slabcur_addr);
	return edata_addr_get(slab) != of.slabcur_addr &&
	    of.nfree * of.bin_nregs > of.bin_nfree * of.nregs;
}

/* Inside the block's arena. */
static void *
move_block(void *ptr, const struct block *block)
{
	tsdn_t *tsdn = tsd_tsdn(tsd_fetch());
	void *moved = NULL;

	if (is_in_sparse_slab(ptr, tsdn))
		moved = arena_palloc(tsdn, block->slot->arena, block->usable, 1,
		    false, true, NULL);
	if (moved == NULL)
		return NULL;
	page_bin_enter_one(moved, block->usable);
	annotate_block(moved, block->usable);
	__builtin_memcpy(moved, ptr, block->usable);
	annotate_freed(ptr);
	arena_dalloc_small(tsdn, ptr);
	return moved;
}

void *
heap_defragment(void *ptr, const struct block *block)
{
	void *moved;

	if (!block->slab || source_refused(block->heap->source) ||
	    source_inherited(block->heap->source))
		return NULL;
	annotate_enter();
	slot_enter(block->slot);
	moved = move_block(ptr, block);
	slot_leave(block->slot);
	if (moved != NULL)
		arenas_got_back(block->heap, block->slot);
	annotate_leave();
	return moved;
}
