/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * block.c - from a pointer to its block, and the way of a block back.
 *
 * Owns nothing: asks jemalloc's radix tree, which may be read without a lock
 * and without trusting the pointer, since its nodes are never freed, nor are
 * extents' records, nor arenas: what one reads may be of yesterday, but is
 * there. So nothing read from an extent's record is an index or a divisor
 * before it was held against its bounds, and a heap, which goes with its kind,
 * is not followed here but by who knows that it stays. Of an address within a
 * block the tree knows nothing; source_owner_of() does.
 */
#include "arena/slot.h"
#include "base/annotate.h"
#include "os/misuse.h"
#include "source/address_map.h"

/* On the quick way what the tree says stays in registers. */
#define ALWAYS_INLINE inline __attribute__((always_inline))

_Static_assert(sizeof(rtree_ctx_t) == LOOKUPS * sizeof(struct lookup),
    "a thread keeps jemalloc's own record of its look-ups");

void
lookup_start(struct thread *thread)
{
	tsd_begin(thread->tsd);
	rtree_ctx_data_init((rtree_ctx_t *)(void *)thread->lookup);
	thread->has_lookup = true;
}

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

/* Whether PTR points into a small block, and not to its start: costs a look at
 * the extent's record, which the quick way does without. */
static bool
is_inside(const void *ptr, const rtree_contents_t *contents)
{
	return contents->metadata.slab &&
	    ((uintptr_t)ptr - (uintptr_t)edata_addr_get(contents->edata)) %
		sz_index2size(contents->metadata.szind) !=
	    0;
}

/* Looks the whole way. */
static bool
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
	    is_block(ptr, contents) && !is_inside(ptr, contents);
}

static struct arena_slot *
slot_of(const rtree_contents_t *contents)
{
	return &slots[edata_arena_ind_get(contents->edata)];
}

static struct heap *
heap_of(const rtree_contents_t *contents)
{
	return atomic_load_explicit(
	    &slot_of(contents)->heap, memory_order_relaxed);
}

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

struct source_marks
block_mark(struct source_marks marks, void *ptr, size_t usable, unsigned number)
{
	if ((uintptr_t)ptr - marks.base >= marks.bytes)
		marks = source_marks_of(ptr);
	/* Pages that were an extent of small blocks may have marks still. */
	if (!bin_is_small(number))
		source_unmark(marks, ptr, usable);
	/* Another thread may mark another block of the page, the same way. */
	source_mark(marks, ptr, number);
	return marks;
}

/* The bin that takes blocks of USABLE bytes, or 0 if none does. */
static unsigned
bin_of_usable(size_t usable)
{
	unsigned number = usable > CACHE_SIZE_MAX ? 0 : bin_for(usable);

	return cache_bin_size[number] == usable ? number : 0;
}

void
block_mark_one(void *ptr, size_t usable)
{
	block_mark(
	    (struct source_marks){ 0 }, ptr, usable, bin_of_usable(usable));
}

struct block
block_of(const void *ptr)
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

/* The block in which ADDR lies, by what was read of a stretch that begins at
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

bool
block_around(const void *addr, struct block *block, void **start, void **owner)
{
	bool on = annotate_is_on(), found;
	unsigned begin;

	/* Without a lock, even valgrind's. */
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

bool
heap_resize(void *ptr, const struct block *block, size_t size)
{
	struct arena_slot *slot = block->slot;
	size_t usable;
	bool moved;

	if (block->slab || size <= SC_SMALL_MAXCLASS ||
	    size > SC_LARGE_MAXCLASS || source_inherited(block->heap->source))
		return false;
	annotate_enter();
	slot_use(slot);
	moved = arena_ralloc_no_move(
	    tsdn_here(), ptr, block->usable, size, 0, false, &usable);
	slot_leave(slot);
	if (!moved) {
		block_mark_one(ptr, usable);
		heap_got_back(block->heap, block->slot);
		annotate_resized(ptr, block->usable, usable);
	}
	annotate_leave();
	return !moved;
}

/* Frees a block past the cache; see blocks_return(). */
static void
free_to_arena(struct heap *heap, void *ptr, const rtree_contents_t *contents)
{
	struct arena_slot *slot = slot_of(contents);
	tsdn_t *tsdn;

	slot_use(slot);
	tsdn = tsd_tsdn(tsd_fetch());
	if (contents->metadata.slab)
		arena_dalloc_small(tsdn, ptr);
	else
		large_dalloc(tsdn, contents->edata);
	slot_leave(slot);
	heap_got_back(heap, slot);
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

void *
heap_defragment(void *ptr, const struct block *block)
{
	tsdn_t *tsdn;
	void *moved = NULL;

	if (!block->slab || source_refused(block->heap->source) ||
	    source_inherited(block->heap->source))
		return NULL;
	annotate_enter();
	slot_use(block->slot);
	tsdn = tsd_tsdn(tsd_fetch());
	if (is_in_sparse_slab(ptr, tsdn))
		moved = arena_palloc(tsdn, block->slot->arena, block->usable, 1,
		    false, true, NULL);
	if (moved != NULL) {
		block_mark_one(moved, block->usable);
		annotate_block(moved, block->usable);
		__builtin_memcpy(moved, ptr, block->usable);
		annotate_freed(ptr);
		arena_dalloc_small(tsdn, ptr);
	}
	slot_leave(block->slot);
	if (moved != NULL)
		heap_got_back(block->heap, block->slot);
	annotate_leave();
	return moved;
}

/* Frees what the quick way did not: through the cache if it can make room, or
 * past it. */
static bool __attribute__((noinline)) free_slowly(void *ptr)
{
	rtree_contents_t contents;
	struct cache *cache = NULL;
	struct heap *heap = NULL;
	int saved = errno;

	annotate_enter();
	heaps_tend();
	if (look_up(ptr, &contents))
		heap = heap_of(&contents);
	/* In the child of a fork that refused the kind nothing is left. */
	if (heap != NULL && likely(!source_refused(heap->source))) {
		annotate_freed(ptr);
		if (is_cacheable(&contents) && heap->id != NO_HEAP)
			cache = cache_of(heap);
		if (cache == NULL ||
		    !cache_flush(cache, contents.metadata.szind + 1, ptr))
			free_to_arena(heap, ptr, &contents);
	} else if (heap == NULL && unlikely(annotate_is_on()) &&
	    source_owner_of(ptr) != NULL) {
		/* What was freed already: memcheck says so. */
		annotate_freed(ptr);
	}
	annotate_leave();
	errno = saved;
	return heap != NULL;
}

/* The cache is the first to be tried for blocks whose kind is not named. */
static void
remember(struct thread *thread, struct cache *cache)
{
	thread->recent.cache = cache;
	thread->recent.base = cache->marks.base;
	atomic_store_explicit(
	    &thread->recent.bytes, cache->marks.bytes, memory_order_relaxed);
}

/* Frees a block whose mark the caller does not have. */
static ALWAYS_INLINE bool
free_unmarked(void *ptr)
{
	struct thread *thread = thread_self;
	rtree_contents_t contents;

	if (likely(look_up_again(thread, ptr, &contents)) &&
	    likely(is_cacheable(&contents))) {
		struct heap *heap = heap_of(&contents);
		struct cache *cache = heap == NULL ? NULL :
						     thread->cache[heap->id];

		if (likely(cache != NULL) &&
		    likely(
			cache_put(cache, contents.metadata.szind + 1, ptr))) {
			remember(thread, cache);
			return true;
		}
	}
	return free_slowly(ptr);
}

/* The same, and a sentence where there is none. */
static bool __attribute__((noinline)) free_or_explain(void *ptr)
{
	if (likely(free_unmarked(ptr)))
		return true;
	misuse("%p is no block of any kind", ptr);
	return false;
}

static bool __attribute__((noinline)) free_quietly(void *ptr)
{
	return free_unmarked(ptr);
}

bool
heap_free(unsigned id, void *ptr)
{
	return likely(cache_free(id, ptr)) || free_or_explain(ptr);
}

/* Whether the cache that the thread last gave a block to takes this one. */
static ALWAYS_INLINE bool
free_as_before(void *ptr)
{
	struct recent *recent = &thread_self->recent;

	return likely((uintptr_t)ptr - recent->base <
		   atomic_load_explicit(
		       &recent->bytes, memory_order_relaxed)) &&
	    likely(cache_put_marked(recent->cache, ptr));
}

bool
heap_free_any(void *ptr)
{
	return likely(free_as_before(ptr)) || free_or_explain(ptr);
}

bool
heap_free_if_any(void *ptr)
{
	return likely(free_as_before(ptr)) || free_quietly(ptr);
}
