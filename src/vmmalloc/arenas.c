/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arenas.c - jemalloc's arenas on the pool. See arenas.h.
 */
#include "vmmalloc/arenas.h"

#include <limits.h>
#include <stdatomic.h>

#include "arena/hooks.h"
#include "arena/purge.h"
#include "os/os.h"
#include "vmmalloc/budget.h"
#include "vmmalloc/log.h"

#define ARENAS_MAX 4000 /* jemalloc has 4095 indices, some in use */

/*
 * jemalloc's options; its fork handlers and the environment are compiled out.
 * No range of addresses is kept once it is free, so that any arena may have it
 * (retain); blocks fill whole pages (cache_oblivious); no arena is made behind
 * our back (narenas, oversize_threshold, percpu_arena); a pool is never full
 * while a dirty extent would do (lg_extent_max_active_fit). What is given back
 * is given back at once (muzzy_decay_ms).
 */
const char *je_malloc_conf =
    "narenas:1,percpu_arena:disabled,"
    "oversize_threshold:0,retain:false,cache_oblivious:false,"
    "lg_extent_max_active_fit:63,muzzy_decay_ms:0,zero_realloc:free"
#ifdef POOLKIND_DEBUG
    ",junk:true"
#endif
    ;

static struct hooked_source hooked;
static _Atomic(arena_t *) table[ARENAS_MAX];
static atomic_uint claimed;
static unsigned most;
static bool goes_back; /* as purge_oversize() has it */

arena_t *arenas_before_pool;

unsigned
arenas_count(void)
{
	return atomic_load_explicit(&claimed, memory_order_acquire);
}

arena_t *
arenas_get(unsigned i)
{
	return atomic_load_explicit(&table[i], memory_order_acquire);
}

/* Makes one arena more. NULL without memory for its tables, or when there are
 * as many as there should be. A slot whose arena cannot be made stays empty. */
static arena_t *
make_arena(void)
{
	arena_config_t config = {
		.extent_hooks = &hooked.hooks,
		.metadata_use_hooks = false,
	};
	unsigned slot = atomic_load(&claimed), index;
	size_t length = sizeof(index);
	arena_t *arena;

	do {
		if (slot >= most)
			return NULL;
	} while (!atomic_compare_exchange_weak(&claimed, &slot, slot + 1));
	if (je_mallctl("experimental.arenas_create_ext", &index, &length,
		&config, sizeof(config)) != 0)
		return NULL;
	arena = arena_get(TSDN_NULL, index, false);
	purge_oversize(arena, goes_back);
	atomic_store_explicit(&table[slot], arena, memory_order_release);
	LOG_TRACE(3, "arena %u made", index);
	return arena;
}

arena_t *
arenas_least_used(void)
{
	arena_t *best = NULL;
	unsigned fewest = UINT_MAX;

	for (unsigned i = 0; i < arenas_count(); i++) {
		arena_t *arena = arenas_get(i);
		unsigned threads;

		if (arena == NULL)
			continue;
		threads = arena_nthreads_get(arena, false);
		if (threads < fewest) {
			fewest = threads;
			best = arena;
		}
	}
	return best;
}

/* An arena that no thread uses, else a new one, else the least used. */
static arena_t *
choose_arena(void)
{
	arena_t *best = arenas_least_used();
	arena_t *fresh;

	if (best != NULL && arena_nthreads_get(best, false) == 0)
		return best;
	fresh = make_arena();
	return fresh != NULL ? fresh : best;
}

unsigned
arenas_threads(void)
{
	unsigned threads = 0;

	for (unsigned i = 0; i < arenas_count(); i++) {
		arena_t *arena = arenas_get(i);

		if (arena != NULL)
			threads += arena_nthreads_get(arena, false);
	}
	return threads;
}

/* The thread's cache needs no emptying: nothing of arena 0 ever gets there. */
void
arenas_bind(tsd_t *tsd)
{
	arena_t *old = arena_choose(tsd, NULL);
	arena_t *arena = choose_arena();

	if (arena == NULL || arena == old)
		return;
	arena_migrate(tsd, old, arena);
	if (tcache_available(tsd)) {
		tcache_arena_reassociate(tsd_tsdn(tsd),
		    tsd_tcache_slowp_get(tsd), tsd_tcachep_get(tsd), arena);
		budget_apply(tsd, arenas_threads());
	}
	LOG_TRACE(3, "thread bound to arena %u", arena_ind_get(arena));
}

bool
arenas_open(struct source *source, size_t bytes, bool anonymous)
{
	tsd_t *tsd;

	most = (unsigned)min_size(4 * (size_t)os_processors(), ARENAS_MAX);
	goes_back = anonymous && bytes == 0;
	if (bytes != 0)
		most = (unsigned)min_size(most, max_size(bytes / MIB, 1));
	/* Arenas that are never reset need no lists of what is in them. */
	manual_arena_base = MALLOCX_ARENA_LIMIT;
	budget_open(bytes);
	hooked_source_init(&hooked, source);
	if (make_arena() == NULL)
		return false;
	tsd = tsd_fetch();
	arenas_bind(tsd);
	arenas_before_pool = arena_get(TSDN_NULL, 0, false);
	return true;
}
