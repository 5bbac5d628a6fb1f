/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hooks.c - jemalloc's extent hooks on a source. See hooks.h.
 *
 * jemalloc calls these where it would otherwise call mmap(2) and its relatives.
 * What makes a heap on them sound: jemalloc runs with retain:false (start.c),
 * so it asks for extents of the size that it needs, keeps none of what it gives
 * up, and never merges extents of different arenas. So on_dalloc() can always
 * accept. An extent is committed as long as jemalloc has it, so the hooks for
 * commit and decommit are left out, and a purge is what on_dalloc() does.
 *
 * Hooks are called with the arena's locks of jemalloc held, and take that of
 * the source below them. They must not allocate, and none may fail but
 * on_alloc(), where jemalloc expects it.
 */
#include "arena/internals.h"

#include "arena/hooks.h"

static _Thread_local bool no_room __attribute__((tls_model("initial-exec")));

bool
hooks_found_no_room(void)
{
	bool found = no_room;

	no_room = false;
	return found;
}

static struct source *
source_of(extent_hooks_t *hooks)
{
	return container_of(hooks, struct hooked_source, hooks)->source;
}

/*
 * Makes the leaves of jemalloc's radix tree for the first and the last page of
 * a span; false if there is no memory for them.
 *
 * jemalloc enters a new extent into the tree after the hook has returned, and
 * may need memory for leaves. If it gets none it leaks the extent, as it does
 * not call on_dalloc() then: in a kind of fixed size that space would be lost
 * for ever. Here the span can still go back to the source. Leaves are never
 * freed, so what is made now is there when jemalloc looks; also when it splits
 * the extent, unless that has a leaf between those of its ends (purge.h). Such
 * a one is not made: lookup.c would walk through it.
 */
static bool
leaves_are_there(void *addr, size_t size)
{
	uintptr_t first = (uintptr_t)addr, last = first + size - PAGE_BYTES;
	tsdn_t *tsdn = tsdn_here();
	rtree_ctx_t fallback;
	rtree_ctx_t *context = tsdn_rtree_ctx(tsdn, &fallback);
	rtree_t *tree = &arena_emap_global.rtree;

	return rtree_leaf_elm_lookup(tsdn, tree, context, first, false, true) !=
	    NULL &&
	    rtree_leaf_elm_lookup(tsdn, tree, context, last, false, true) !=
	    NULL;
}

/*
 * Whether jemalloc asks for more than it needs, and is to be refused. It does
 * so first for each large block, for as much as the next class of sizes has,
 * and keeps what is too much for smaller blocks; if it is refused, it asks for
 * what the block needs. Between blocks of 100 KiB such pieces of 12 KiB fit
 * nobody: blocks of 200,000 bytes filled 88 % of a pool, and fill 99 % without
 * them.
 *
 * So in a bounded heap a first query is refused, and the thread remembers up to
 * what size the second may be. Only this thread can make it, and does so next.
 */
static bool
is_first_query(size_t size)
{
	static _Thread_local size_t refused
	    __attribute__((tls_model("initial-exec")));
	bool is_first = size > refused;

	refused = is_first ? size : 0;
	return is_first;
}

/*
 * Gives jemalloc a span of the source: at NEW_ADDR, where it wants to extend an
 * extent in place, or anywhere. NULL for no room, for no memory for leaves, or
 * for a first query; jemalloc then answers NULL itself, or asks for less. ZERO
 * says on entry whether the span must be zero, and on return whether it is. A
 * slot that serves no heap has no source, and gives nothing.
 */
static void *
on_alloc(extent_hooks_t *hooks, void *new_addr, size_t size, size_t alignment,
    bool *zero, bool *commit, unsigned arena)
{
	const struct hooked_source *hooked = container_of(
	    hooks, struct hooked_source, hooks);
	struct source *source = hooked->source;
	void *span = NULL;

	(void)arena;
	if (hooked->exact && new_addr == NULL && is_first_query(size))
		return NULL;
	if (source != NULL)
		span = source_alloc(source, new_addr, size, alignment, zero);
	if (span == NULL)
		no_room = true;
	if (span != NULL && !leaves_are_there(span, size)) {
		source_free(source, span, size);
		span = NULL;
	}
	*commit = true;
	return span;
}

/* Always accepts (false). Where the slot's heap is being closed it has no
 * source any more: spans then go nowhere, since the whole source is closed
 * next. */
static bool
on_dalloc(extent_hooks_t *hooks, void *addr, size_t size, bool committed,
    unsigned arena)
{
	struct source *source = source_of(hooks);

	(void)committed;
	(void)arena;
	if (source != NULL)
		source_free(source, addr, size);
	return false;
}

/* For extents that go for good, as those of an arena that is destroyed; the
 * engine destroys none (slot.h). */
static void
on_destroy(extent_hooks_t *hooks, void *addr, size_t size, bool committed,
    unsigned arena)
{
	on_dalloc(hooks, addr, size, committed, arena);
}

/* Splits and merges are jemalloc's own bookkeeping: the source counts pages,
 * not spans, and takes back any part of what it gave. A split that was refused
 * would have jemalloc leak the extent. A merge is always right, since
 * neighbours in an arena are of one segment: between two segments of a source
 * lies an unreadable page (os_reserve()), or memory of another source. */
static bool
on_split(extent_hooks_t *hooks, void *addr, size_t size, size_t size_a,
    size_t size_b, bool committed, unsigned arena)
{
	(void)hooks, (void)addr, (void)size, (void)size_a, (void)size_b;
	(void)committed, (void)arena;
	return false;
}

static bool
on_merge(extent_hooks_t *hooks, void *addr_a, size_t size_a, void *addr_b,
    size_t size_b, bool committed, unsigned arena)
{
	(void)hooks, (void)addr_a, (void)size_a, (void)addr_b, (void)size_b;
	(void)committed, (void)arena;
	return false;
}

/* Hooks that are left NULL count as refused with jemalloc: it then leaves
 * extents committed, and takes a forced or lazy purge for not done. */
void
hooked_source_init(struct hooked_source *hooked, struct source *source)
{
	hooked->hooks = (extent_hooks_t){
		.alloc = on_alloc,
		.dalloc = on_dalloc,
		.destroy = on_destroy,
		.split = on_split,
		.merge = on_merge,
	};
	hooked->source = source;
	hooked->exact = false;
}
