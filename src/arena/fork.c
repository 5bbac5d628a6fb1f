/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fork.c - see fork.h.
 *
 * The order is that of the locks (structures.h): jemalloc is ready or not
 * begun; nobody gives back what waits; every cache is revoked and left; nobody
 * is in an arena; then jemalloc's own. Caches come before arenas, since who is
 * inside a cache may have to get into an arena before it can leave.
 */
#include "arena/fork.h"

#include "arena/background.h"
#include "arena/bin.h"
#include "arena/depot.h"
#include "arena/heaps.h"
#include "arena/inherit.h"
#include "arena/revocation.h"
#include "arena/slot.h"
#include "arena/start.h"
#include "arena/thread.h"

static void
caches_prefork(void)
{
	lock_take(&registry_lock);
	for (struct heap *h = all_heaps; h != NULL; h = h->next)
		heap_wait_for_decay(h);
	for (struct heap *h = all_heaps; h != NULL; h = h->next)
		caches_revoke_begin(h);
	if (all_heaps != NULL)
		caches_revoke_fence();
	for (struct heap *h = all_heaps; h != NULL; h = h->next)
		caches_revoke_wait(h);
}

static void
caches_postfork(void)
{
	for (struct heap *h = all_heaps; h != NULL; h = h->next)
		caches_restore(h);
	lock_give(&registry_lock);
}

void
heaps_prefork(void)
{
	start_hold();
	caches_prefork();
	slots_prefork();
	tsd_shared_prefork();
	start_prefork();
}

void
heaps_postfork_parent(void)
{
	start_postfork_parent();
	tsd_shared_postfork();
	slots_postfork();
	caches_postfork();
	start_release();
}

/* ---- In the child ------------------------------------------------------- */

/* Whether this process has nothing of the heap's source, or has what is the
 * parent's. */
static bool
is_lost(const struct heap *heap)
{
	return source_refused(heap->source) || source_inherited(heap->source);
}

/* Without a look at the blocks, which need not be there: what goes back to an
 * arena changes jemalloc's metadata alone. */
static void
empty_lost_caches(struct heap *heap)
{
	for (struct cache *c = heap->caches; c != NULL; c = c->heap_next)
		cache_empty(c);
	depot_empty(heap);
}

static void
begin_anew(struct heap *heap)
{
	while (heap->caches != NULL)
		cache_delete(heap->caches);
	heap_leave_behind(heap);
}

/*
 * Reaps the threads that are gone: what their caches hold goes back to the
 * arenas, and their records go. The child is alone, and the forking thread
 * holds registry_lock and every heap's lock, so every cache is revoked and at
 * rest.
 *
 *  1. The calling thread finds its own caches again: its table was wiped, and
 *     what follows changes it.
 *  2. Sources are held, so that spans which come back stay committed. A child
 *     that is about to call exec(2) would otherwise pay for a system call each;
 *     and nothing is given back to a file before it is settled below whose it
 *     is.
 *  3. Where the child has nothing, or what it has is the parent's, all caches
 *     are emptied, the caller's too: from none of them may a block be handed
 *     out.
 *  4. The other threads' caches are emptied, deleted, and their records after
 *     them. Not sooner: a cache's blocks go back through its heap's arenas,
 *     which must still be there.
 *  5. Sources are let go.
 *  6. Heaps whose memory is the parent's begin anew. They lose their arenas in
 *     that, so it comes late: when no cache is left that could return blocks to
 *     them.
 *  7. In heaps that the child was refused the thread of background.h has
 *     nothing to do.
 */
static void
reap(void)
{
	thread_adopt_caches();
	for (struct heap *h = all_heaps; h != NULL; h = h->next)
		source_hold(h->source);
	for (struct heap *h = all_heaps; h != NULL; h = h->next)
		if (is_lost(h))
			empty_lost_caches(h);
	threads_reap_others();
	for (struct heap *h = all_heaps; h != NULL; h = h->next)
		source_unhold(h->source);
	for (struct heap *h = all_heaps; h != NULL; h = h->next)
		if (source_inherited(h->source))
			begin_anew(h);
	for (struct heap *h = all_heaps; h != NULL; h = h->next)
		if (source_refused(h->source) && h->background) {
			h->background = false;
			background_release();
		}
}

/* Reaping gives blocks back to arenas, so these are open by then. */
void
heaps_postfork_child(void)
{
	start_postfork_child();
	tsd_shared_postfork();
	slots_postfork_child();
	background_forget();
	reap();
	caches_postfork();
	start_release();
}
