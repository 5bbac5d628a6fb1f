/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lookup.c - see lookup.h.
 *
 * poolkind_of() and poolkind_block_at() may be called at any time, with any
 * address: without a lock, in signal handlers, while other threads close kinds.
 * That this is safe:
 *
 *  1. Only metadata is touched that is never unmapped: nodes of the address
 *     map, records of segments; jemalloc's nodes, records of extents, and
 *     arenas, which are never destroyed. The memory of blocks is not touched.
 *  2. A record may be that of another extent by now. So what is read in it is
 *     neither an index nor a divisor before it was held against its bounds. The
 *     number of an arena needs no test: arena_slots[] has an entry for each
 *     that can be written there.
 *  3. A heap goes with its kind. The pointer to it is an answer, and is not
 *     followed here, but by callers who know that the kind stays open.
 *  4. What was read is believed if no segment was taken out meanwhile, and read
 *     anew otherwise (source/address_map.h).
 *
 * The usual other way, a grace period before anything is freed, would have each
 * close of a kind wait for threads, and each reader mark itself as one.
 *
 * jemalloc's tree finds a large block by its first page only. For an address
 * within it source_begin_of() says how far down to look.
 */
#include "arena/tree.h"

#include "arena/cache.h"
#include "arena/lookup.h"
#include "source/address_map.h"

static struct block
as_block(const rtree_contents_t *contents)
{
	return (struct block){
		.heap = heap_of(contents),
		.slot = slot_of(contents),
		.usable = usable_of(contents),
		.slab = contents->metadata.slab,
	};
}

/* For who has a pointer that a program gave it as a block. The whole address is
 * tested (tree.h): no block begins in the midst of another. */
struct block
block_lookup(const void *ptr)
{
	rtree_contents_t contents;
	struct block block = { 0 };

	annotate_enter();
	if (look_up(ptr, &contents))
		block = as_block(&contents);
	annotate_leave();
	return block;
}

/*
 * The extent in use that ADDR is in. The tree has the first and the last page
 * of a large extent, and every page of a slab, so this looks at the page of
 * ADDR and goes down page by page, no further than LOWEST, to the first one
 * that the tree has. Where the tree has no leaf it has none of the pages that
 * the leaf would be for, a GiB of them, and all are passed at once. So this
 * takes as long as there are pages in front of ADDR in its block, up to a GiB
 * of them: a slow question, for tools and handlers of memory errors, which is
 * asked seldom. What is found may end before ADDR, or wait for its next use:
 * then ADDR is in no block.
 */
static bool
extent_around(uintptr_t addr, uintptr_t lowest, rtree_contents_t *contents)
{
	rtree_ctx_t context;
	uintptr_t page = align_down(addr, PAGE_BYTES);

	rtree_ctx_data_init(&context);
	for (;; page -= PAGE_BYTES) {
		if (rtree_read_independent(NULL, &arena_emap_global.rtree,
			&context, page, contents))
			page = max_size(rtree_leafkey(page), lowest);
		else if (contents->edata != NULL)
			break;
		if (page <= lowest)
			return false;
	}
	return contents->metadata.state == extent_state_active &&
	    addr - (uintptr_t)edata_base_get(contents->edata) <
	    edata_size_get(contents->edata);
}

/* The block in which ADDR lies, if the segment around it begins at LOWEST; 0
 * for no segment. What is wrong here because a segment was taken out is thrown
 * away by the caller, but must not fault: a class of sizes is tested before it
 * is an index into jemalloc's table. */
static bool
find_around(uintptr_t addr, uintptr_t lowest, struct block *block, void **start)
{
	rtree_contents_t contents;
	uintptr_t base;

	/* Of a large extent the tree has the class at its first page alone. */
	if (lowest == 0 || !extent_around(addr, lowest, &contents) ||
	    (contents.metadata.slab && contents.metadata.szind >= SC_NSIZES))
		return false;
	base = (uintptr_t)edata_addr_get(contents.edata);
	*block = as_block(&contents);
	if (block->slab)
		base += (addr - base) / block->usable * block->usable;
	*start = (void *)base;
	return block->heap != NULL && addr - base < block->usable;
}

/* Without a lock, even valgrind's: a signal handler may have interrupted its
 * holder. Where helgrind or drd watch, they are told to look away meanwhile.
 * The loop ends, since it is repeated only if another thread has taken out a
 * segment in the meantime. */
bool
block_lookup_around(
    const void *addr, struct block *block, void **start, void **owner)
{
	bool on = annotate_is_on(), found;
	unsigned begin;

	if (on)
		annotate_look_away();
	do {
		begin = address_map_begin();
		*owner = source_owner_of(addr);
		found = find_around(
		    (uintptr_t)addr, source_begin_of(addr), block, start);
	} while (unlikely(!address_map_holds(begin)));
	if (on)
		annotate_look_again();
	return found && *owner != NULL;
}
