/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sets.c - the sets of a segment. See sets.h.
 *
 * What changes in the page map and in the set of committed granules goes
 * through here, as checks that are under way follow it (check.c).
 */
#include "source/sets.h"

#include "base/bits.h"
#include "source/marks.h"
#include "source/policy.h"

/* Sets up which granules are committed, which pages are dirty, which granules
 * are bound (where any can be), and the marks, in one mapping: a segment has
 * two of the engine's own, this and its page map. All of them begin as zero,
 * which is what fresh memory is, so only what is used gets pages. */
int
sets_open(struct source *source, struct segment *segment)
{
	size_t granules = segment->bytes / source->granule;
	size_t pages = segment->map.pages;
	size_t committed = page_set_bytes(granules),
	       dirty = page_set_bytes(pages);
	bool binds = spec_binds(source->spec);
	char *at;
	int error;

	segment->sets_bytes = align_up(
	    (binds ? 4 : 3) * committed + dirty + marks_bytes(pages),
	    PAGE_BYTES);
	error = os_map(segment->sets_bytes, &segment->sets);
	if (error != 0)
		return error;
	at = segment->sets;
	page_set_open(&segment->committed, granules, at);
	page_set_open(&segment->dirty, pages, at += committed);
	at += dirty;
	if (binds) {
		page_set_open(&segment->bound, granules, at);
		at += committed;
	}
	page_set_open(&segment->told, granules, at);
	page_set_open(&segment->first, granules, at += committed);
	segment->marks = (unsigned char *)at + committed;
	return 0;
}

void
sets_close(struct segment *segment)
{
	os_unmap(segment->sets, segment->sets_bytes);
}

/* Of the first PAGE pages of a segment, how many the walk has passed. */
static size_t
walk_passed(const struct walk *walk, const struct segment *segment, size_t page)
{
	if (segment->order != walk->order)
		return segment->order < walk->order ? page : 0;
	return min_size(page, walk->page);
}

/* A check that is under way (check.c) has added up what lies in front of where
 * it stands: what changes there is added to its sum, or taken off. */
void
walks_note_used(struct segment *segment, size_t from, size_t end, bool used)
{
	for (struct walk *w = segment->source->walks; w != NULL; w = w->next) {
		size_t bytes = (walk_passed(w, segment, end) -
				   walk_passed(w, segment, from)) *
		    PAGE_BYTES;

		w->spans += used ? bytes : -bytes;
	}
}

/* The same for granules: a walk is past those whose first page it has
 * passed. */
void
walks_note_committed(
    struct segment *segment, size_t from, size_t end, bool committed)
{
	size_t granule = segment->source->granule, per = granule / PAGE_BYTES;

	for (struct walk *w = segment->source->walks; w != NULL; w = w->next) {
		size_t passed = walk_passed(w, segment, end * per);
		size_t last = max_size((passed + per - 1) / per, from);

		w->committed += (committed ? last - from : from - last) *
		    granule;
	}
}
