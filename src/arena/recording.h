/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recording.h - what a recorder in malloc's place is told of the blocks of some
 * heaps, at no cost to the fast paths.
 *
 * Of a bin whose blocks are smaller than ALL_FROM the recorder is told how many
 * were handed out, each time the bin is filled or its countdown ends; and some
 * are chosen as sample.h says, with which the countdown ends. Of a larger bin
 * each block is chosen: its countdown stays at 0, so that all come by the slow
 * path, or by cache_take_chosen(). These the recorder counts itself. Where
 * ALL_FROM grows the next block of such a bin is as those before, and behind it
 * the bin is one of the others; what was told is known block by block, so that
 * none is counted twice.
 *
 * A page with a block whose free is to be noticed is watched: its entry in the
 * page bin index is BIN_WATCHED, the number of a bin without room. So each
 * block of that page is freed by the slow path, and no other: the recorder
 * hears of it, and the radix tree has the bin (heap_watched_bin()).
 *
 * That no free is missed. The recorder counts the blocks that it wants to see
 * freed by pages, watches a page after it has counted one, and ends that when
 * it has counted one off and none is left; then, behind a fence, it looks at
 * the count once more, and watches the page again if that is not 0. Either it
 * finds there what another thread has counted meanwhile, or that thread looks
 * at the entry after the watch has ended: it counts and looks by sequentially
 * consistent accesses, which keep their order. Who enters blocks of the same
 * slab in the index leaves the entry of a watched page, by compare-and-swap. A
 * block gets to whoever frees it after its page is watched.
 *
 * The recorder is set once, before the first heap is recorded, and is called
 * inside caches and with the engine's locks held: it allocates nothing.
 *
 * Owns what it keeps in caches, and a word of each thread's. Takes no lock.
 * Cannot fail.
 */
#ifndef ARENA_RECORDING_H
#define ARENA_RECORDING_H

#include "arena/structures.h"

struct heap_recorder {
	_Atomic size_t all_from;  /* may grow */
	_Atomic unsigned lg_mean; /* of sample_distance(); may change */
	/* More BLOCKS were handed out of bin NUMBER, of SIZE bytes each. */
	void (*count)(unsigned number, size_t size, uint64_t blocks);
};
extern const struct heap_recorder *heap_recorder;

/* Acquires, so that who finds the heap recorded finds the recorder, which was
 * set before: a processor may read two words in the other order. */
static inline bool
heap_is_recorded(const struct heap *heap)
{
	return unlikely(
	    atomic_load_explicit(&heap->recorded, memory_order_acquire));
}

/* Whether blocks of the bin, of a heap that is recorded, are all chosen. */
static inline bool
recording_wants_all(size_t bin_size)
{
	return bin_size >= atomic_load_explicit(
			       &heap_recorder->all_from, memory_order_relaxed);
}

/* Tells how many blocks were handed out of a bin, or of all, since it was last
 * told; or has it never told of these. By who has the cache. */
void recording_tell(struct cache *cache, unsigned number);
void recording_tell_cache(struct cache *cache);
void recording_forget(struct cache *cache);

/* Whether a block of a slow path is to be recorded, and as what. */
struct recording_choice {
	bool is_chosen;
	uint8_t number;  /* of its bin; 0: that is not counted */
	uint32_t weight; /* how many it stands for, of RECORDING_ONE_BLOCK */
};
#define RECORDING_ONE_BLOCK 1024

/* Keeps that of the block which the calling thread has of its slow path
 * (sample_for_recorder()), and which is PTR in the end. */
void recording_keep(const void *ptr, const struct recording_choice *choice);

/* Tells it, once. Of a block that no slow path gave: not chosen. */
struct recording_choice recording_choice_of(const void *ptr);

#endif /* ARENA_RECORDING_H */
