/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stats.c - what arenas count of their blocks. See stats.h.
 *
 * jemalloc's public statistics (mallctl "epoch") refresh all arenas of the
 * process, thousands if many kinds are open, and take memory for it. Here the
 * same counters of one arena are read where they are, each under the lock that
 * jemalloc changes it under. jemalloc's own thread caches are off, so nothing
 * is missing from them; what lies in the engine's caches counts as handed out,
 * and heap_stats() subtracts it.
 */
#include "arena/stats.h"

#include <string.h>

/* A class of small blocks: the arena has one bin for it, as shards of bins are
 * not used. "Given" and "taken" are the arena's view: taken are blocks that
 * came back. */
static void
add_small(tsdn_t *tsdn, struct stats_class *to, bin_t *bin, unsigned class)
{
	malloc_mutex_lock(tsdn, &bin->lock);
	to->given += bin->stats.nmalloc;
	to->taken += bin->stats.ndalloc;
	to->current += bin->stats.curregs;
	to->bytes += bin->stats.curregs * sz_index2size(class);
	to->slabs += bin->stats.curslabs;
	malloc_mutex_unlock(tsdn, &bin->lock);
}

/* A class of large blocks, each an extent of its own, whose bytes differ:
 * jemalloc has large blocks of any number of pages, and counts their sum. The
 * caller has the arena's statistics lock. */
static void
add_large(tsdn_t *tsdn, struct stats_class *to, arena_t *arena,
    arena_stats_large_t *large)
{
	uint64_t given = locked_read_u64(
	    tsdn, LOCKEDINT_MTX(arena->stats.mtx), &large->nmalloc);
	uint64_t taken = locked_read_u64(
	    tsdn, LOCKEDINT_MTX(arena->stats.mtx), &large->ndalloc);

	to->given += given;
	to->taken += taken;
	to->current += given - taken;
	to->bytes += locked_read_u64(
	    tsdn, LOCKEDINT_MTX(arena->stats.mtx), &large->active_bytes);
}

/* Adds each class to one of its own (STEP 1), or all to one (STEP 0), for which
 * the caller needs room for one class instead of hundreds. */
static void
add_classes(struct stats_class *small, struct stats_class *large, size_t step,
    arena_t *arena)
{
	tsdn_t *tsdn = tsdn_here();

	for (unsigned i = 0; i < SC_NBINS; i++)
		add_small(
		    tsdn, &small[i * step], arena_get_bin(arena, i, 0), i);
	LOCKEDINT_MTX_LOCK(tsdn, arena->stats.mtx);
	for (unsigned i = 0; i < STATS_LARGE; i++)
		add_large(
		    tsdn, &large[i * step], arena, &arena->stats.lstats[i]);
	LOCKEDINT_MTX_UNLOCK(tsdn, arena->stats.mtx);
}

/* Pages of extents that hold blocks, and of free ones that wait in the arena:
 * by the options of start.c only the list of dirty ones is ever in use, but a
 * page in one of the others should not be missing from what heap_is_sound()
 * adds up. */
static void
add_extents(size_t *active, size_t *waiting, arena_t *arena)
{
	pa_shard_t *shard = &arena->pa_shard;

	*active += pa_shard_nactive(shard) * PAGE_BYTES;
	*waiting += PAGE_BYTES *
	    (ecache_npages_get(&shard->pac.ecache_dirty) +
		ecache_npages_get(&shard->pac.ecache_muzzy) +
		ecache_npages_get(&shard->pac.ecache_retained));
}

void
stats_add(struct stats_all *stats, arena_t *arena)
{
	add_classes(stats->small, stats->large, 1, arena);
	add_extents(&stats->active, &stats->waiting, arena);
}

void
stats_add_total(struct stats_total *total, arena_t *arena)
{
	add_classes(&total->small, &total->large, 0, arena);
	add_extents(&total->active, &total->waiting, arena);
}

struct stats_class
stats_sum(const struct stats_class *classes, size_t count)
{
	struct stats_class sum = { 0 };

	for (size_t i = 0; i < count; i++) {
		sum.given += classes[i].given;
		sum.taken += classes[i].taken;
		sum.current += classes[i].current;
		sum.bytes += classes[i].bytes;
		sum.slabs += classes[i].slabs;
	}
	return sum;
}

/* arena_reset() takes the blocks back, but leaves what was ever counted, and
 * the arena's next heap is another kind's. The caller is inside the arena, and
 * no block of it is anybody's. */
void
stats_clear(arena_t *arena)
{
	tsdn_t *tsdn = TSDN_NULL;

	for (unsigned i = 0; i < SC_NBINS; i++) {
		bin_t *bin = arena_get_bin(arena, i, 0);

		malloc_mutex_lock(tsdn, &bin->lock);
		memset(&bin->stats, 0, sizeof(bin->stats));
		malloc_mutex_unlock(tsdn, &bin->lock);
	}
	LOCKEDINT_MTX_LOCK(tsdn, arena->stats.mtx);
	memset(&arena->stats.lstats, 0, sizeof(arena->stats.lstats));
	LOCKEDINT_MTX_UNLOCK(tsdn, arena->stats.mtx);
}
