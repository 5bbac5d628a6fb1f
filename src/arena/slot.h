/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * slot.h - what heap.c and block.c share: a slot for each jemalloc arena.
 */
#ifndef ARENA_SLOT_H
#define ARENA_SLOT_H

#include "arena/internals.h"

#include "arena/cache.h"
#include "arena/hooks.h"

struct figures;

/* Lines of the processor's cache are fetched in pairs: no two slots share one.
 * What threads count with each large block, they count here. */
struct __attribute__((aligned(128))) arena_slot {
	struct hooked_source hooked;
	arena_t *arena;
	_Atomic(struct heap *) heap; /* whom it serves */
	_Atomic uint32_t users;      /* threads inside, see slot_use() */
	_Atomic uint64_t requests;   /* blocks handed out, but for the caches */
	_Atomic uint64_t changes;    /* see heap_changes() */
	struct arena_slot *next;     /* free slots */
};

/* By arena index: as many as an extent's record can say. */
extern struct arena_slot slots[MALLOCX_ARENA_LIMIT + 1];

/* Whoever changes an arena or its extents stands between these two, but for
 * those whose cache fork stops: slot_use() waits while all are stopped, and
 * tells how many others are inside. */
unsigned slot_use(struct arena_slot *slot);
void slot_leave(struct arena_slot *slot);

/* Free space came back to one of the heap's arenas: what failed may succeed now,
 * and something waits to be given back. */
void heap_got_back(struct heap *heap, struct arena_slot *slot);

/* Marks a block that an arena handed out, as those of a bin are. */
void block_mark_one(void *ptr, size_t usable);

/* Gives the heap's arenas up, to serve others. */
void slots_give_up(struct heap *heap);

/* inherit.c: closes what heap_leave_behind() made, sources included. */
void heap_forget_inherited(struct heap *heap);

/* What all arenas of the heap count. */
void heap_figures(struct heap *heap, struct figures *figures);

#endif /* ARENA_SLOT_H */
