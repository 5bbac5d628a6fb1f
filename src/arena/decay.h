/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * decay.h - memory that has been free for long enough goes back, in heaps that
 * nobody calls any more.
 *
 * A heap in which something was freed says so (decay_waits). Every slow path,
 * and so each 128th block out of a bin, looks at the coarse clock, and five
 * times a second one thread gives back what has waited long enough in any heap:
 * a kind that is not called returns its memory as long as some kind is used.
 * Where none is, the thread of background.h does it for the kinds that want it,
 * as often, as long as something waits.
 *
 * That thread also gives back the small blocks in thread caches from which none
 * was taken for as long as free memory waits in the kind. Others leave these
 * alone: they are little, and where they are missed they are got (allocate.c).
 * For this it comes by once in that time while a cache has room for any, which
 * in a process that does nothing is twice at the most.
 */
#ifndef ARENA_DECAY_H
#define ARENA_DECAY_H

#include "arena/structures.h"

/* Gives back what has been free for as long as it is to wait; whether more is
 * waiting. */
bool heap_decay(struct heap *heap);

/* The same for all heaps in which something waits, if nobody did for a while.
 * Called on every slow path, where no lock is held. Of one that ALLOCATES it
 * may make the thread: libc frees with a lock held that pthread_create(3)
 * takes, where a thread's stack goes. */
void heaps_decay(bool allocates);

#endif /* ARENA_DECAY_H */
