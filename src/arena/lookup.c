/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lookup.c - see lookup.h.
 *
 * What is asked at any time rests on nothing that goes. poolkind_of() and
 * poolkind_block_at() read, without a lock and in signal handlers, while other
 * threads close kinds. They touch metadata that is never unmapped and never
 * anything else: nodes of the address map, records of segments; jemalloc's
 * nodes and extents, and arenas, which are never destroyed. What one reads
 * there may be of yesterday, but is there. So nothing read from an extent's
 * metadata is an index or a divisor before it was held against its bounds; a
 * heap, which goes with its kind, is not followed here but by who knows that it
 * stays; and what was read is believed if no segment was taken out meanwhile
 * (source/address_map.h). A grace period for readers would have closes wait
 * for threads, and a reader mark itself as one.
 *
 * Of an address within a block the tree knows nothing, but for slabs;
 * source_owner_of() does.
 */
#include "arena/tree.h"

#include "arena/cache.h"
#include "arena/lookup.h"
#include "source/address_map.h"

/* A slab's class is in the tree, and read at once with its page's state. */
static size_t
usable_of(const rtree_contents_t *contents)
{
	return contents->metadata.slab ?
	    sz_index2size(contents->metadata.szind) :
	    edata_size_get(contents->edata) - sz_large_pad;
}

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

/* The active extent that ADDR is in, of a heap's arena. The tree knows the
 * first and the last page of a large extent, and every page of a slab: looks
 * from the page of ADDR down to LOWEST. */
static bool
extent_around(uintptr_t addr, uintptr_t lowest, rtree_contents_t *contents)
{
	rtree_ctx_t context;
	uintptr_t page = align_down(addr, PAGE_BYTES);

	rtree_ctx_data_init(&context);
	for (;; page -= PAGE_BYTES) {
		if (!rtree_read_independent(NULL, &arena_emap_global.rtree,
			&context, page, contents) &&
		    contents->edata != NULL)
			break;
		if (page <= lowest)
			return false;
	}
	return contents->metadata.state == extent_state_active &&
	    addr - (uintptr_t)edata_base_get(contents->edata) <
	    edata_size_get(contents->edata);
}

/* The block in which ADDR lies, by what was read of a segment that begins at
 * LOWEST. */
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

/* Without a lock, even valgrind's. */
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
