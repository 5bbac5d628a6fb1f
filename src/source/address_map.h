/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * address_map.h - from any address to the segment it lies in.
 *
 * Owns a radix tree over 48-bit addresses whose leaves are 2 MiB wide, and
 * whose upper entries may stand for a segment themselves, so that a segment of
 * any size takes a few hundred entries at most. Its nodes are records that are
 * never freed.
 *
 * address_map_add() and _remove() are called by segment.c under sources_lock;
 * address_map_find() by anybody, without a lock, also in a signal handler.
 *
 * What a reader without a lock may touch, and why that is there at any time:
 *  - nodes are never freed, segments' records are never anything else
 *    (segment_record()), so what an entry or a link leads to is a segment, if
 *    not the right one any more;
 *  - of a segment it reads base, bytes, owner and the links, which are values,
 *    and follows links alone;
 *  - it believes what it read if no segment was taken out since it began, and
 *    begins anew otherwise: a record is used again only after that was counted.
 *
 * Why this is right: assume that a reader read a value that is not the one the
 * segment was entered with. Then the record was used again in the meantime. The
 * writer counted the removal first, then passed the fence in
 * address_map_remove(), then wrote the value. The reader reads the value first,
 * then passes the fence in address_map_holds(), then reads the count. So, by
 * the two fences, it sees the new count and begins again. And if the count was
 * new before the reader began, the segment was out of the tree by then, and the
 * reader could not get to it.
 *
 * A reader waits for nobody: a thread that is interrupted while it takes a
 * segment out, or vanishes in a fork, leaves nothing half done. That is why the
 * count tells of removals that are done, and is not a sequence lock, in which
 * readers wait for a writer. A grace period before a record is used again would
 * make closing a kind wait for readers, which would have to register first.
 */
#ifndef SOURCE_ADDRESS_MAP_H
#define SOURCE_ADDRESS_MAP_H

#include "base/base.h"

struct segment;

/* Enters the addresses of SEGMENT. Returns 0; ENOMEM; ERANGE for an address of
 * more than 48 bits. Nothing is entered on failure. */
int address_map_add(struct segment *segment);

/* Takes them out again. */
void address_map_remove(struct segment *segment);

/* The segment that ADDR lies in, or NULL. A caller that does not know that it
 * stays asks afterwards whether what was read of it holds: it calls
 * address_map_begin() before the first look and address_map_holds() after the
 * last. */
struct segment *address_map_find(const void *addr);
extern unsigned address_map_removals __attribute__((visibility("hidden")));

static inline unsigned
address_map_begin(void)
{
	return __atomic_load_n(&address_map_removals, __ATOMIC_ACQUIRE);
}

static inline bool
address_map_holds(unsigned begin)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(&address_map_removals, __ATOMIC_RELAXED) ==
	    begin;
}

#endif /* SOURCE_ADDRESS_MAP_H */
