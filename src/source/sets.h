/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sets.h - which granules of a segment are committed, which pages are in spans,
 * dirty or marked, and which granules are bound: struct segment explains them.
 *
 * Owns the mapping that they lie in. Opened and closed under the list's lock,
 * changed under the source's. Opening may fail for want of memory.
 */
#ifndef SOURCE_SETS_H
#define SOURCE_SETS_H

#include "source/structures.h"

/* All sets of a segment, empty, and the marks; the page map is open by then. 0
 * or an error number. */
int sets_open(struct source *source, struct segment *segment);
void sets_close(struct segment *segment);

/* For checks that are under way: that pages FROM to END - 1 came into spans, or
 * went out of them; that granules were committed, or decommitted. */
void walks_note_used(
    struct segment *segment, size_t from, size_t end, bool used);
void walks_note_committed(
    struct segment *segment, size_t from, size_t end, bool committed);

/* Enters pages FROM to END - 1 as in spans, or as free. */
static inline void
segment_set_used(struct segment *segment, size_t from, size_t end, bool used)
{
	page_map_set(&segment->map, from, end - from, used);
	if (unlikely(segment->source->walks != NULL))
		walks_note_used(segment, from, end, used);
}

/* Enters granules FROM to END - 1 as committed, or not. */
static inline void
segment_set_committed(
    struct segment *segment, size_t from, size_t end, bool committed)
{
	page_set_fill(&segment->committed, from, end, committed);
	if (unlikely(segment->source->walks != NULL))
		walks_note_committed(segment, from, end, committed);
}

#endif /* SOURCE_SETS_H */
