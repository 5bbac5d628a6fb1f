/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * decommit.c - granules given back to the system. See decommit.h.
 *
 * Owns nothing. When they are given back is for free.c to say.
 */
#include "source/decommit.h"

#include "source/account.h"
#include "source/sets.h"

/* Decommits granules FROM to END - 1, which hold no page of a span. Where the
 * operations fail (the kernel refuses, or the memory is locked by mlockall(2)
 * and is a file's) the granules stay as they are: committed, counted, and ready
 * for the next span. */
static void
decommit_run(struct segment *segment, size_t from, size_t end)
{
	struct source *source = segment->source;
	size_t per_granule = source->granule / PAGE_BYTES;
	size_t bytes = (end - from) * source->granule;

	/* What was reserved stays, and what another process may be using. */
	if (source->spec->reserve || segment->left ||
	    source->ops->decommit(segment, from * source->granule, bytes) != 0)
		return;
	segment_set_committed(segment, from, end, false);
	page_set_fill(
	    &segment->dirty, from * per_granule, end * per_granule, false);
	source_uncount(source, bytes);
	source->short_of = 0;
	if (source_tells(source))
		atomic_fetch_sub(&source->untold, bytes);
}

/* The same, but for what the program was told of (told.c). */
static void
segment_decommit(struct segment *segment, size_t from, size_t end)
{
	const struct page_set *told = &segment->told;
	size_t stop;

	if (!source_tells(segment->source)) {
		decommit_run(segment, from, end);
		return;
	}
	for (; (from = page_set_find(told, from, end, false)) < end;
	     from = stop) {
		stop = page_set_find(told, from, end, true);
		decommit_run(segment, from, stop);
	}
}

/* The same, if they are at least LEAST bytes. Returns the bytes that were left
 * alone because they are fewer. */
static size_t
segment_decommit_min(
    struct segment *segment, size_t from, size_t end, size_t least)
{
	size_t bytes = (end - from) * segment->source->granule;

	if (bytes < least)
		return bytes;
	segment_decommit(segment, from, end);
	return 0;
}

size_t
decommit_between(struct segment *segment, size_t from, size_t end, size_t least)
{
	size_t per_granule = segment->source->granule / PAGE_BYTES;
	size_t granule = from / per_granule;
	size_t last = (end + per_granule - 1) / per_granule;
	size_t left = 0;

	while ((granule = page_set_find(
		    &segment->committed, granule, last, true)) < last) {
		size_t used = page_set_find(&segment->map.used,
		    granule * per_granule, last * per_granule, true);
		size_t idle = min_size(used / per_granule,
		    page_set_find(&segment->committed, granule, last, false));

		if (idle > granule) {
			left += segment_decommit_min(
			    segment, granule, idle, least);
			granule = idle;
		} else {
			/* On to the first granule behind the span. */
			granule = max_size(granule + 1,
			    page_set_find(&segment->map.used, used,
				last * per_granule, false) /
				per_granule);
		}
	}
	return left;
}

void
decommit_all(struct source *source)
{
	for (struct segment *s = source->first; s != NULL; s = s->next)
		decommit_between(s, 0, s->map.pages, 0);
	end_idle(source);
}

void
decommit_in_vain(struct segment *segment, size_t from, size_t end)
{
	struct source *source = segment->source;
	size_t short_of = source->short_of;

	decommit_between(segment, from, end, 0);
	source->short_of = short_of;
}
