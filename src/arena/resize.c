/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * resize.c - see resize.h.
 *
 * Owns nothing. Both go past the caches: a block that grows takes what lies
 * behind it in the segment, one that is moved goes to a slab that jemalloc
 * chooses. Both are inside the block's arena while they change it (slot.h), so
 * that forks and checks find it whole. The block is the caller's, and nobody
 * else frees or resizes it meanwhile. Where either fails, block and heap are as
 * they were.
 */
#include "arena/slot.h"

#include "arena/arenas.h"
#include "arena/page_bin_index.h"
#include "arena/resize.h"

/* Only a large block that stays one can be resized in place: a small one fills
 * its place in a slab, whose neighbours are other blocks. Nor one that the
 * child of a fork inherited from its parent: whether what lies behind it is
 * free is the parent's to say, and what it would give up is still the parent's.
 */
static bool
may_resize(const struct block *block, size_t size)
{
	return !block->slab && size > SC_SMALL_MAXCLASS &&
	    size <= SC_LARGE_MAXCLASS && !source_inherited(block->heap->source);
}

/*
 * The first page keeps its entry in the page bin index, but for another size it
 * is that of another bin, or of none. It is written after the arena was left;
 * until the caller has the block again nobody looks it up by that entry. What
 * became free behind a block that shrank counts as given back.
 */
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
	failed = !slot_has_records(slot) ||
	    arena_ralloc_no_move(
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

/*
 * Whether the slab that PTR lies in is worth being emptied: more of it is free
 * than of all slabs of its class in the arena together, and it is not the one
 * that blocks are taken from just now, into which the block would come back.
 *
 * The share of free places is compared by cross-multiplication, as these are
 * whole numbers. The numbers are of a moment, under the bin's lock in jemalloc;
 * if they are wrong right after, a block is moved or stays in vain.
 */
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

/* Takes another block of the class from the same arena, which has it in the
 * slab that blocks are taken from just now, or else in the oldest that has
 * room. Copies, and frees the old one straight to its slab: in a cache it would
 * keep the slab from becoming empty. The caller is inside the arena. */
static void *
move_block(void *ptr, const struct block *block)
{
	tsdn_t *tsdn = tsd_tsdn(tsd_fetch());
	void *moved = NULL;

	if (is_in_sparse_slab(ptr, tsdn) && slot_has_records(block->slot))
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

/* Not in a child of fork that was refused the kind, where the contents are not
 * there to be copied, or that inherited it, where nothing is handed out. */
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
