/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * registry.h - the list of all sources.
 *
 * Owns the list and its lock, which comes before every source's. It is also the
 * lock of the address map, and that under which segments are made and deleted.
 * It is held over slow work, such as taking the space of a whole pool, so kinds
 * open one after the other; threads that allocate from open kinds need only a
 * source's own lock, and go on. In return the address map has one writer, a
 * region can be compared with all other segments, and a fork finds no segment
 * half made.
 *
 * Cannot fail.
 */
#ifndef SOURCE_REGISTRY_H
#define SOURCE_REGISTRY_H

#include "source/structures.h"

extern struct lock sources_lock;
extern struct source *sources;

/* All under that lock. */
void registry_add(struct source *source);
void registry_remove(struct source *source);

/* The lowest segment of any source that has addresses from BASE to END - 1;
 * NULL if there is none. */
const struct segment *registry_lowest(const char *base, const char *end);

#endif /* SOURCE_REGISTRY_H */
