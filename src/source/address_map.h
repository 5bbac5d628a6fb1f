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

/* The stretch that ADDR lies in, or NULL. */
struct stretch *address_map_find(const void *addr);

#endif /* SOURCE_ADDRESS_MAP_H */
