/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check.c - whether a source is what its records say. See source.h.
 *
 * A walk through all segments, that takes the lock for 16 MiB at a time. What
 * is nowhere used costs nothing, since sets and maps say so at once. Meanwhile
 * others go on, and whoever changes what the walk has passed changes its sums
 * (sets.c), so that in the end these are exact.
 *
 * Why exact: let W be where the walk stands. Under the lock, the walk's sums
 * are always those of all pages in front of W as they are at this moment. It is
 * so when the walk begins, with nothing in front of it. A step of the walk adds
 * the pages that it passes, and moves W behind them. A change in front of W is
 * added to the sums, in the same hold of the lock; one behind W leaves them, as
 * it will be met. When W is behind the last page of all segments, the sums are
 * those of the source, and are compared with its counters in the hold of the
 * lock in which the walk is taken out of the list.
 *
 * Several walks may go on at once, each with a record of its own on the stack
 * of its caller. In a child of fork the list is emptied: the threads to whose
 * stacks it leads are gone (fork.c).
 *
 * Whatever is wrong ends the check with EIO and a sentence; nothing is
 * repaired. It is there for programs that misbehave, which overwrite records of
 * the engine or unmap memory that is not theirs.
 */
#include <errno.h>
#include <limits.h>

#include "base/error.h"
#include "source/address_map.h"
#include "source/structures.h"

/* Whether the segment still has its addresses: in the address map, and in the
 * process. Neither changes with spans, so this needs no lock; a program that
 * unmapped a part of it by mistake is told of it here. */
static int
check_place(const struct segment *segment)
{
	if (address_map_find(segment->base) != segment ||
	    address_map_find(segment->base + segment->bytes - 1) != segment)
		return error_set(EIO,
		    "the segment at %p of %zu bytes is held "
		    "by another kind too",
		    (void *)segment->base, segment->bytes);
	if (!os_is_mapped(segment->base, segment->bytes))
		return error_set(EIO,
		    "of the %zu bytes at %p not all are mapped any more",
		    segment->bytes, (void *)segment->base);
	return 0;
}

static int
not_added_up(const struct segment *segment)
{
	return error_set(EIO,
	    "the free pages of the segment at %p do not add up",
	    (void *)segment->base);
}

/* Whether every page in a span, of pages FROM to END - 1, is committed: a span
 * that is not would be a SIGBUS or SIGSEGV at its first touch. */
static int
check_committed(const struct segment *segment, size_t from, size_t end)
{
	size_t per = segment->source->granule / PAGE_BYTES, page = from;
	const struct page_set *used = &segment->map.used;

	while ((page = page_set_find(used, page, end, true)) < end) {
		size_t stop = page_set_find(used, page, end, false);
		size_t last = (stop + per - 1) / per;

		if (page_set_find(
			&segment->committed, page / per, last, false) < last)
			return error_set(EIO, "a span at %p is not committed",
			    (void *)(segment->base + page * PAGE_BYTES));
		page = stop;
	}
	return 0;
}

/* One step, up to the next multiple of a piece, under the lock. A granule is
 * counted with the piece that its first page lies in, as
 * segment_set_committed() counts it, so that one that reaches over a border
 * counts once. */
static int
check_piece(struct walk *walk, const struct segment *segment)
{
	size_t per = segment->source->granule / PAGE_BYTES, from = walk->page;
	size_t piece = from / PAGE_MAP_PIECE;
	size_t end = min_size(segment->map.pages, (piece + 1) * PAGE_MAP_PIECE);

	if (!page_map_piece_is_sound(&segment->map, piece))
		return not_added_up(segment);
	walk->spans += page_set_count(&segment->map.used, from, end) *
	    PAGE_BYTES;
	walk->committed += page_set_count(&segment->committed,
			       (from + per - 1) / per, (end + per - 1) / per) *
	    segment->source->granule;
	walk->page = end;
	return check_committed(segment, from, end);
}

/* The summaries above all pieces are checked once, under the lock; then each
 * piece, with the lock taken anew. A change in between keeps all of them right,
 * so it does not matter that they are checked at different moments. */
static int
check_segment(struct walk *walk, const struct segment *segment)
{
	struct source *source = segment->source;
	int result = check_place(segment);

	lock_take(&source->lock);
	if (result == 0 && !page_map_top_is_sound(&segment->map))
		result = not_added_up(segment);
	lock_give(&source->lock);
	while (result == 0 && walk->page < segment->map.pages) {
		lock_take(&source->lock);
		result = check_piece(walk, segment);
		lock_give(&source->lock);
	}
	return result;
}

static int
compare(const struct source *source, const struct walk *walk)
{
	if (walk->spans != source->spans)
		return error_set(EIO,
		    "%zu bytes are marked as handed out, "
		    "%zu were",
		    walk->spans, source->spans);
	if (walk->committed != source->committed)
		return error_set(EIO,
		    "%zu bytes are marked as committed, "
		    "%zu were",
		    walk->committed, source->committed);
	return 0;
}

static void
walk_begin(struct source *source, struct walk *walk)
{
	lock_take(&source->lock);
	walk->next = source->walks;
	source->walks = walk;
	lock_give(&source->lock);
}

/* Puts the walk at the beginning of the segment after BEFORE, behind the
 * handle's page, which is in no span. Behind the last segment its order is the
 * highest there is: a segment that is added later lies in front of it, is empty
 * when it is added, and counts by its changes. */
static struct segment *
walk_on(struct source *source, struct walk *walk, const struct segment *before)
{
	struct segment *next;

	lock_take(&source->lock);
	next = before == NULL ? source->first : before->next;
	walk->order = next == NULL ? UINT_MAX : next->order;
	walk->page = next == NULL ? 0 : next->head / PAGE_BYTES;
	lock_give(&source->lock);
	return next;
}

/* Takes the walk out of the list and, in the same hold of the lock, compares:
 * the counters must not change between the two. */
static int
walk_end(struct source *source, struct walk *walk, int result)
{
	struct walk **link = &source->walks;

	lock_take(&source->lock);
	while (*link != walk)
		link = &(*link)->next;
	*link = walk->next;
	if (result == 0)
		result = compare(source, walk);
	lock_give(&source->lock);
	return result;
}

int
source_check(struct source *source)
{
	struct walk walk = { NULL, 0, 0, 0, 0 };
	struct segment *segment = NULL;
	int result = 0;

	walk_begin(source, &walk);
	while (
	    result == 0 && (segment = walk_on(source, &walk, segment)) != NULL)
		result = check_segment(&walk, segment);
	return walk_end(source, &walk, result);
}
