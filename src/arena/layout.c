/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * layout.c - what lies where in the records of heaps, caches and arenas: see
 * stats/layout.h.
 *
 * These are the counters that stats.c and cache.c add up inside the process.
 * Owns a constant. Takes no lock.
 */
#include "arena/slot.h"

#include "arena/sizeclass.h"
#include "arena/stats.h"
#include "stats/layout.h"

_Static_assert(sizeof(size_t) == sizeof(uint64_t), "sizes have 8 bytes");

const struct layout_arena layout_arena = {
	.heap_bytes = sizeof(struct heap),
	.heap_source = offsetof(struct heap, source),
	.heap_inherited = offsetof(struct heap, inherited),
	.heap_caches = offsetof(struct heap, caches),
	.heap_requests = offsetof(struct heap, requests),
	.heap_depot_bytes = offsetof(struct heap, depot_bytes),
	.heap_depot_blocks = offsetof(struct heap, depot_blocks),
	.heap_arena_count = offsetof(struct heap, arena_count),
	.heap_slot = offsetof(struct heap, slot),
	.heap_slot_max = HEAP_ARENAS_MAX,

	.cache_bytes = sizeof(struct cache),
	.cache_next = offsetof(struct cache, heap_next),
	.cache_heap = offsetof(struct cache, heap),
	.cache_serial = offsetof(struct cache, serial),
	.cache_changes = offsetof(struct cache, changes),
	.cache_bin = offsetof(struct cache, bin),
	.cache_requests = offsetof(struct cache, requests),
	.bins = CACHE_BINS,
	.bin_bytes = sizeof(struct bin),
	.bin_head = offsetof(struct bin, head),
	.bin_block = offsetof(struct bin, block),
	.bin_limit = offsetof(struct bin, limit),
	.bin_countdown = offsetof(struct bin, countdown),

	.slot_bytes = sizeof(struct arena_slot),
	.slot_arena = offsetof(struct arena_slot, arena),
	.slot_requests = offsetof(struct arena_slot, requests),
	.arena_small = offsetof(bin_t, stats),
	.arena_large = offsetof(arena_t, stats.lstats),
	.arena_active = offsetof(arena_t, pa_shard.nactive),
	.small_bytes = sizeof(bin_stats_t),
	.small_current = offsetof(bin_stats_t, curregs),
	.large_bytes = sizeof(arena_stats_large_t),
	.large_given = offsetof(arena_stats_large_t, nmalloc),
	.large_taken = offsetof(arena_stats_large_t, ndalloc),
	.large_active = offsetof(arena_stats_large_t, active_bytes),
	.smalls = SC_NBINS,
	.larges = STATS_LARGE,
	.page = PAGE_BYTES,

	.bin_sizes = cache_bin_size,
	.small_start = arena_bin_offsets,
	.sizes = sz_index2size_tab,
};
