/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * query.c - what a source is asked of its memory. See source.h.
 *
 * Owns nothing. Takes the source's lock, a piece at a time where all committed
 * memory is looked at. Cannot fail.
 */
#include "source/segment.h"

/* The first run of committed pages at *FROM or behind it, cut to PIECE_PAGES,
 * in *FROM and *END; false if there is none. Takes the lock. */
static bool
next_committed(const struct segment *segment, size_t *from, size_t *end)
{
	struct source *source = segment->source;
	size_t per = source->granule / PAGE_BYTES, pages = segment->map.pages;
	const struct page_set *committed = &segment->committed;
	bool found = false;

	lock_take(&source->lock);
	if (!source_refused(source)) {
		size_t granule = page_set_find(
		    committed, *from / per, pages / per, true);

		found = granule < pages / per;
		*from = max_size(*from, granule * per);
		*end = min_size(*from + PIECE_PAGES,
		    page_set_find(committed, granule, pages / per, false) *
			per);
	}
	lock_give(&source->lock);
	return found;
}

/* Calls VISIT for each run of committed memory, without the lock: its addresses
 * stay mapped, whatever becomes of the pages. */
static void
for_committed(struct source *source,
    void (*visit)(void *to, char *from, size_t bytes), void *to)
{
	struct segment *s = NULL;

	while ((s = next_segment_of(source, s)) != NULL)
		for (size_t from = 0, end; next_committed(s, &from, &end);
		     from = end)
			visit(to, s->base + from * PAGE_BYTES,
			    (end - from) * PAGE_BYTES);
}

static void
add_resident(void *total, char *from, size_t bytes)
{
	size_t resident;

	if (os_resident(from, bytes, &resident) == 0)
		*(size_t *)total += resident;
}

struct on_nodes {
	size_t *bytes_on;
	unsigned nodes;
};

static void
add_on_nodes(void *to, char *from, size_t bytes)
{
	struct on_nodes *on = to;

	os_count_on_nodes(from, bytes, on->bytes_on, on->nodes);
}

void
source_count_on_nodes(struct source *source, size_t *bytes_on, unsigned nodes)
{
	struct on_nodes on = { bytes_on, nodes };

	for_committed(source, add_on_nodes, &on);
}

/* Limit and peak are those of the account; the other figures are this source's.
 * A successor without segments reports the size that it will have. A run that
 * is withdrawn (told.c) is in the page map as a span, but handed out to
 * nobody. */
void
source_stats(
    struct source *source, struct source_stats *stats, bool want_resident)
{
	lock_take(&source->lock);
	*stats = (struct source_stats){
		.size = source->spec->size == 0 || source->spec->grow ?
		    0 :
		    max_size(source->size, source->spec->size),
		.limit = atomic_load(&source->account->limit),
		.committed = source->committed,
		.peak = atomic_load(&source->account->peak),
		.spans = source->spans,
	};
	if (source->withdrawn.segment != NULL)
		stats->spans -= source->withdrawn.bytes;
	lock_give(&source->lock);
	if (want_resident)
		for_committed(source, add_resident, &stats->resident);
}

void *
source_owner(const struct source *source)
{
	return source->owner;
}

void *
source_base(const struct source *source)
{
	return source->first == NULL ? NULL : source->first->base;
}

size_t
source_extent(const struct source *source)
{
	return source->first == NULL ? 0 : source->first->bytes;
}
