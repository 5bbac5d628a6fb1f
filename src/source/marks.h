/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * marks.h - a byte for each page of a segment: see source.h.
 *
 * Owns nothing: the memory is that of the segment's sets (sets.c). No lock.
 */
#ifndef SOURCE_MARKS_H
#define SOURCE_MARKS_H

#include "source/structures.h"

/* So many bytes for the marks of a segment of so many pages. */
size_t marks_bytes(size_t pages);

static inline READS_STALE struct source_marks
marks_of(const struct segment *segment)
{
	return (struct source_marks){ (uintptr_t)segment->base, segment->bytes,
		segment->marks };
}

#endif /* SOURCE_MARKS_H */
