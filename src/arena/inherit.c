/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inherit.c - see inherit.h.
 *
 * The parent's data stand, whatever the child does. So the child may read,
 * write and free what had been handed out to it, and has nothing of what was
 * free: that is the parent's to hand out. Its heap moves on to a source of its
 * own, which is made as its first block is, and to arenas of its own. The
 * arenas that it had, with their blocks, go to a heap of which nobody knows but
 * those blocks: nothing is allocated there, no cache serves it, nothing in it
 * decays.
 *
 * Owns these heaps, by heap->inherited. Called in the child, alone, with
 * registry_lock and the heap's lock held; and when a heap is closed. Where
 * memory for the records is wanting the kind is refused to the child.
 */
#include "arena/slot.h"

#include "arena/inherit.h"
#include "os/records.h"

/* The heap begins again, without an arena. */
static void
begin_anew(struct heap *heap, struct source *source)
{
	heap->source = source;
	memset(heap->slot, 0, sizeof(heap->slot));
	atomic_store(&heap->arena_count, 0);
	atomic_store(&heap->contended, 0);
	atomic_store(&heap->tight, false);
	atomic_store(&heap->decay_waits, false);
	atomic_store(&heap->full_size, SIZE_MAX);
	atomic_store(&heap->full_epoch, 0);
}

void
heap_leave_behind(struct heap *heap)
{
	struct heap *left = record_new(sizeof(*left));
	struct source *fresh = left == NULL ? NULL :
					      source_succeed(heap->source);

	if (fresh == NULL) {
		record_free(left, sizeof(*left));
		source_refuse(heap->source);
		return;
	}
	left->id = NO_HEAP;
	left->alias = heap->alias;
	left->settled = heap->settled;
	left->source = heap->source;
	left->options = heap->options;
	left->inherited = heap->inherited;
	memcpy(left->slot, heap->slot, sizeof(left->slot));
	atomic_store(&left->arena_count, atomic_load(&heap->arena_count));
	for (unsigned i = 0; i < atomic_load(&left->arena_count); i++)
		atomic_store(&left->slot[i]->heap, left);
	begin_anew(heap, fresh);
	heap->inherited = left;
}

void
heap_forget_inherited(struct heap *heap)
{
	while (heap->inherited != NULL) {
		struct heap *left = heap->inherited;

		heap->inherited = left->inherited;
		slots_give_back(left);
		source_close(left->source);
		record_free(left, sizeof(*left));
	}
}
