/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hooks.c - jemalloc's extent hooks on a source. See hooks.h.
 *
 * What makes a heap on these hooks sound: the private jemalloc runs with
 * retain:false, so it asks for exact extents, keeps none of what it gives up,
 * and never merges extents of different arenas. dalloc therefore always
 * accepts. An extent is committed as long as jemalloc has it, so the hooks for
 * commit and decommit are left out, and a purge is what dalloc does.
 */
#include "arena/internals.h"

#include "arena/hooks.h"

static struct source *
source_of(extent_hooks_t *hooks)
{
	return container_of(hooks, struct hooked_source, hooks)->source;
}

/* jemalloc loses a span for whose ends its radix tree has no leaf, when there
 * is no memory for one: they are made while the span can still go back. */
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
 * Whether jemalloc asks for more than it needs. It does so first for each large
 * block, for as much as the next class of sizes has, and keeps what is too much
 * for smaller blocks; if it is refused, it asks for what the block needs.
 * Between blocks of 100 KiB such pieces of 12 KiB fit nobody: blocks of 200,000
 * bytes filled 88 % of a pool, and fill 99 % without them.
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
	if (span != NULL && !leaves_are_there(span, size)) {
		source_free(source, span, size);
		span = NULL;
	}
	*commit = true;
	return span;
}

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

static void
on_destroy(extent_hooks_t *hooks, void *addr, size_t size, bool committed,
    unsigned arena)
{
	on_dalloc(hooks, addr, size, committed, arena);
}

/* A split that fails would leak the extent; ours needs nothing, like merge:
 * segments never touch, so neighbours are always of the same one. */
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
