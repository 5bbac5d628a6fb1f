/* SPDX-License-Identifier: BSD-2-Clause */
/* arena_glue.c - see arena_glue.h. */
#include "arena_glue.h"

#include <unistd.h>

/* First, since jemalloc's headers give names like "arenas" another meaning. */
#include "arena/slot.h"

#include "arena/allocate.h"
#include "arena/background.h"
#include "arena/cache.h"
#include "arena/fork.h"
#include "arena/free.h"
#include "arena/heap.h"
#include "arena/resize.h"
#include "arena/thread.h"
#include "os/records.h"

struct rig {
	struct heap heap;
};

struct rig *
rig_open(const char *text, bool bounded)
{
	struct heap_options options = {
		.arenas = HEAP_ARENAS_MAX,
		.cached = CACHE_LARGE_MAX,
	};
	struct rig *rig = record_new(sizeof(*rig));
	struct source *source;
	struct spec spec;

	if (rig == NULL || spec_parse(text, &spec) != 0)
		goto no_source;
	source = source_open(&spec, NULL, rig, NULL);
	if (source == NULL)
		goto no_source;
	options.fixed = spec.size != 0 && !spec.grow;
	options.rounds = source_zeroes_lazily(source);
	options.background = spec.background;
	options.background_ms = 10000;
	/* By jemalloc's clock, which goes its own way. */
	options.decay_given = spec.background || bounded;
	options.decay_ms = 10;
	options.bounded = bounded;
	if (heap_open(&rig->heap, source, &options, NULL) == 0)
		return rig;
	source_close(source);
no_source:
	record_free(rig, sizeof(*rig));
	return NULL;
}

void
rig_close(struct rig *rig)
{
	struct source *source = rig->heap.source;

	heap_close(&rig->heap);
	source_close(source);
	record_free(rig, sizeof(*rig));
}

struct source *
rig_source(struct rig *rig)
{
	return rig->heap.source;
}

void *
rig_malloc(struct rig *rig, size_t size)
{
	struct cache *cache = thread_self->cache[rig->heap.id];
	void *ptr = size > CACHE_SIZE_MAX || cache == NULL ?
	    NULL :
	    cache_take(cache, bin_for(size));

	return ptr != NULL ? ptr : heap_allocate_cached(&rig->heap, size);
}

void *
rig_allocate(struct rig *rig, size_t size, size_t alignment, bool zero)
{
	return heap_allocate_directly(&rig->heap, size, alignment, zero);
}

bool
rig_free(struct rig *rig, void *ptr)
{
	return heap_free(rig->heap.id, ptr);
}

bool
rig_resize(void *ptr, size_t size)
{
	struct block block = block_lookup(ptr);

	return heap_resize(ptr, &block, size);
}

void *
rig_defragment(void *ptr)
{
	struct block block = block_lookup(ptr);

	return heap_defragment(ptr, &block);
}

uint64_t
rig_epoch(struct rig *rig)
{
	return heap_epoch(&rig->heap);
}

void
rig_drain(struct rig *rig)
{
	heap_drain(&rig->heap);
}

void
rig_set_limit(struct rig *rig, size_t limit)
{
	source_set_limit(rig->heap.source, limit);
	heap_limit_changed(&rig->heap, limit);
}

bool
rig_is_sound(struct rig *rig)
{
	return heap_is_sound(&rig->heap) && source_check(rig->heap.source) == 0;
}

static struct heap_stats
stats_of(struct rig *rig)
{
	struct heap_stats stats;

	heap_stats(&rig->heap, &stats);
	return stats;
}

size_t
rig_live(struct rig *rig)
{
	return stats_of(rig).live;
}

size_t
rig_cached(struct rig *rig)
{
	return stats_of(rig).cached;
}

uint64_t
rig_requests(struct rig *rig)
{
	return stats_of(rig).requests;
}

uint64_t
rig_blocks(struct rig *rig)
{
	return stats_of(rig).blocks;
}

unsigned
rig_id(struct rig *rig)
{
	return rig->heap.id;
}

unsigned
rig_arenas(struct rig *rig)
{
	return atomic_load(&rig->heap.arena_count);
}

unsigned
rig_arena(struct rig *rig, unsigned which)
{
	return (unsigned)(rig->heap.slot[which] - arena_slots);
}

uint64_t
rig_arena_requests(struct rig *rig, unsigned which)
{
	return atomic_load(&rig->heap.slot[which]->requests);
}

size_t
rig_depot(struct rig *rig)
{
	return atomic_load(&rig->heap.depot_bytes);
}

size_t
rig_quota_used(struct rig *rig)
{
	return atomic_load(&rig->heap.quota_used);
}

size_t
rig_quota_max(struct rig *rig)
{
	return atomic_load(&rig->heap.quota_max);
}

const void *
rig_thread(void)
{
	return thread_self;
}

unsigned
rig_caches(struct rig *rig)
{
	unsigned count = 0;

	lock_take(&rig->heap.lock);
	for (struct cache *c = rig->heap.caches; c != NULL; c = c->heap_next)
		count++;
	lock_give(&rig->heap.lock);
	return count;
}

void
rig_keep_nothing(struct rig *rig)
{
	for (unsigned i = 0; i < rig_arenas(rig); i++)
		arena_decay_ms_set(tsd_tsdn(tsd_fetch()),
		    rig->heap.slot[i]->arena, extent_state_dirty, 0);
}

void
rig_stop_arenas(void)
{
	slots_stop();
}

void
rig_let_arenas_go(void)
{
	slots_go();
}

bool
rig_is_locked(struct rig *rig)
{
	bool locked = !lock_try(&rig->heap.lock);

	if (!locked)
		lock_give(&rig->heap.lock);
	return locked;
}

bool
block_is_of(struct rig *rig, const void *ptr)
{
	struct heap *heap = block_lookup(ptr).heap;

	return rig == NULL ? heap == NULL : heap == &rig->heap;
}

size_t
block_usable(const void *ptr)
{
	return block_lookup(ptr).usable;
}

bool
rig_enter_cache(struct rig *rig)
{
	struct cache *cache = cache_of(&rig->heap);

	return cache_enter(cache) || cache_enter_fenced(cache);
}

void
rig_leave_cache(struct rig *rig)
{
	cache_leave(cache_of(&rig->heap));
}

/* KNOCKED: an arena that a thread is about to leave again; NULL: none. */
static int
fork_amid(struct arena_slot *knocked)
{
	pid_t child;

	heaps_prefork();
	sources_prefork();
	records_prefork();
	if (knocked != NULL)
		atomic_fetch_add(&knocked->users, 1);
	child = fork();
	if (knocked != NULL && child != 0)
		atomic_fetch_sub(&knocked->users, 1);
	records_postfork();
	if (child == 0) {
		sources_postfork_child();
		heaps_postfork_child();
	} else {
		sources_postfork_parent();
		heaps_postfork_parent();
	}
	return child;
}

int
rig_fork(void)
{
	return fork_amid(NULL);
}

int
rig_fork_amid_knock(struct rig *rig)
{
	return fork_amid(rig->heap.slot[0]);
}

void
rig_wake(void)
{
	background_ring();
}
