/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lookup.c - from any address to what its source is. See source.h.
 *
 * Without a lock, for any address, also in a signal handler. Owns nothing,
 * cannot fail.
 */
#include "source/address_map.h"
#include "source/marks.h"

/* Why what was read is right when address_map_holds() says so: address_map.h.
 */
READS_STALE void *
source_owner_of(const void *addr)
{
	struct segment *segment;
	unsigned begin;
	void *owner;

	do {
		begin = address_map_begin();
		segment = address_map_find(addr);
		owner = segment == NULL ? NULL : segment->owner;
	} while (unlikely(!address_map_holds(begin)));
	return owner;
}

READS_STALE uintptr_t
source_begin_of(const void *addr)
{
	struct segment *segment;
	uintptr_t base;
	unsigned begin;

	do {
		begin = address_map_begin();
		segment = address_map_find(addr);
		base = segment == NULL ? 0 : (uintptr_t)segment->base;
	} while (unlikely(!address_map_holds(begin)));
	return base;
}

/* Without a second look: callers know that the segment stays. */
READS_STALE struct source_marks
source_marks_of(const void *addr)
{
	struct segment *segment = address_map_find(addr);

	return segment == NULL ? (struct source_marks){ 0 } : marks_of(segment);
}
