/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * address_map.h - from any address to the stretch it lies in.
 *
 * Owns a radix tree over 48-bit addresses whose leaves are 2 MiB wide, and
 * whose upper entries may stand for a stretch themselves, so that a stretch of
 * any size takes a few hundred entries at most. Its nodes are records that are
 * never freed.
 *
 * address_map_add() and _remove() are called by source.c under its list lock;
 * address_map_find() by anybody, without a lock, also in a signal handler.
 *
 * What a reader without a lock may touch, and why that is there at any time:
 *  - nodes are never freed, stretches' records are never anything else
 *    (stretch_record()), so what an entry or a link leads to is a stretch, if
 *    not the right one any more;
 *  - of a stretch it reads base, bytes, owner and the links, which are values,
 *    and follows links alone;
 *  - it believes what it read if no stretch was taken out since it began, and
 *    begins anew otherwise: a record is used again only after that was counted.
 * It waits for nobody: a thread that is interrupted while it takes a stretch
 * out, or vanishes in a fork, leaves nothing half done that a reader would wait
 * for.
 */
#ifndef SOURCE_ADDRESS_MAP_H
#define SOURCE_ADDRESS_MAP_H

#include "base/base.h"

struct stretch;

/* Enters the addresses of STRETCH. Returns 0; ENOMEM; ERANGE for an address of
 * more than 48 bits. Nothing is entered on failure. */
int address_map_add(struct stretch *stretch);

/* Takes them out again. */
void address_map_remove(struct stretch *stretch);

/* The stretch that ADDR lies in, or NULL. Who does not know that it stays asks
 * afterwards whether what was read of it holds: address_map_begin() comes
 * before the first look, address_map_holds() after the last. */
struct stretch *address_map_find(const void *addr);
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
