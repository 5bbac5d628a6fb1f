/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * segment.h - segments made, deleted, and listed in their source.
 *
 * Made and deleted under the list's lock; the source's list of segments is
 * under the source's. Making one may fail, and then leaves nothing behind.
 */
#ifndef SOURCE_SEGMENT_H
#define SOURCE_SEGMENT_H

#include "source/structures.h"

#define SEGMENT_MIN (2 * MIB)

/* So much is looked at or given back while the lock is held: 16 MiB, below a
 * millisecond. */
#define PIECE_PAGES ((size_t)4096)

/* A segment of BYTES, of which HEAD are the handle's, in the address map, in no
 * list yet. AT: where it is, in a region; else NULL. Returns 0 or an error
 * number. */
int segment_new_headed(struct source *source, char *at, size_t bytes,
    size_t head, struct segment **result);

/* A segment of WANT bytes, or of fewer, down to LEAST, where so many addresses
 * cannot be had, or too few would be left. */
int segment_new_within(
    struct source *source, size_t want, size_t least, struct segment **segment);

/* Puts the segment at the end of the source's list, under the source's lock, or
 * while nobody else knows the source. */
void segment_append(struct source *source, struct segment *segment);

/* Undoes making one; it must be out of the source's list. */
void segment_delete(struct segment *segment);

/* The segment after BEFORE; the first one for NULL. Takes the lock. For loops
 * that give it back in between: segments are added at the end alone, and go
 * with their source, so BEFORE still is in the list. */
struct segment *next_segment_of(
    struct source *source, const struct segment *before);

/* The segment before AFTER, NULL for the first one; the last one for NULL. As
 * next_segment_of(). */
struct segment *segment_before(
    struct source *source, const struct segment *after);

static inline bool
segment_holds(const struct segment *segment, const void *addr)
{
	return (uintptr_t)addr - (uintptr_t)segment->base < segment->bytes;
}

/* A list is enough: segments double in size as a source grows, so there are
 * few. */
static inline struct segment *
segment_of(const struct source *source, const void *addr)
{
	struct segment *segment = source->first;

	while (segment != NULL && !segment_holds(segment, addr))
		segment = segment->next;
	return segment;
}

#endif /* SOURCE_SEGMENT_H */
