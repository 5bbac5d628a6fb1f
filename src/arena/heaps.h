/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * heaps.h - all heaps: their list, their ids and aliases.
 *
 * Ids. A heap is a number on the fast path: the index of a thread's cache of
 * it. A kind takes the number before its heap is open, since its handle has it.
 *
 * Aliases. A kind of scope local is several heaps behind one name: each
 * locality, a set of nodes that serves the threads on some processors, has a
 * heap and a source of its own, all sources one account. The kind's own heap is
 * never opened; it lends its id to the others as their alias. A thread's cache
 * of the heap in its locality stands in thread->cache[] under its own id and
 * under the alias. So the fast path of such a kind is that of any other,
 * instruction by instruction. For example, kind 7 with heap 8 on node 0 and
 * heap 9 on node 1, and a thread that starts on node 0:
 *
 *                                          cache[7]  cache[8]  cache[9]
 *      before its first block                 -         -         -
 *      malloc: slow path, node 0 -> heap 8    a         a         -
 *      mallocs, frees: fast path              a         a         -
 *      moved to node 1; a has blocks still    a         a         -
 *      a bin of a is empty, or housekeeping
 *      is due: slow path, node 1 -> heap 9    b         a         b
 *        a, in which nobody would look for
 *        blocks, is emptied to heap 8
 *      free of a block from node 0: not in
 *        b's segment; the radix tree says
 *        heap 8, so it goes into a            b         a         b
 *
 * The list is guarded by registry_lock. Who gives back what a heap has free
 * (decay.h) never takes that, so a fork or the heap's end can wait for it under
 * registry_lock.
 */
#ifndef ARENA_HEAPS_H
#define ARENA_HEAPS_H

#include "arena/structures.h"

/* Under registry_lock. */
extern struct heap *all_heaps;

/* Gives HEAP an id before it is opened, which is given back after it was
 * closed. One that is never opened can be the alias of those that are opened
 * with it. ENOMEM: HEAPS_MAX heaps are open. */
int heap_take_id(struct heap *heap);
void heap_release_id(struct heap *heap);

/* Enters a heap into the list, with an id if it has none; false: there are too
 * many. Takes it out, waits for who gives back what it has free, and deletes
 * its caches without a look at their blocks. */
bool heaps_enter(struct heap *heap);
void heaps_leave(struct heap *heap);

/* Waits until nobody gives back what the heap has free; under registry_lock
 * nobody begins to. */
void heap_wait_for_decay(struct heap *heap);

/* Has the blocks of the heap recorded from now on (recording.h). Takes
 * heap->lock. */
void heap_record(struct heap *heap);

/* Tells the recorder what it was not told yet. Takes registry_lock, and the
 * heaps' locks. */
void heaps_tell_recorder(void);

#endif /* ARENA_HEAPS_H */
