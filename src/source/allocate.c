/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * allocate.c - spans handed out. See source.h.
 *
 * A span is found in a page map, then its pages are committed, and only then is
 * it handed out. Owns nothing.
 *
 * Static functions here run under the source's lock. source_alloc() gives it
 * back to grow, as a segment is made under sources_lock, which comes first.
 *
 * What may fail: committing, and with it source_alloc().
 */
#include <string.h>

#include "base/annotate.h"
#include "source/commit.h"
#include "source/decommit.h"
#include "source/grow.h"
#include "source/nodes.h"
#include "source/segment.h"
#include "source/sets.h"

/* The bytes between the first and the last page of a span that need not read
 * as zero. */
struct dirt {
	char *from;
	size_t bytes;
};

/* Empty where all pages are clean. */
static struct dirt
find_dirt(const struct segment *segment, size_t from, size_t count)
{
	size_t end = from + count;
	size_t first = page_set_find(&segment->dirty, from, end, true);

	size_t last = first;

	for (size_t dirty = first; dirty < end;) {
		last = page_set_find(&segment->dirty, dirty, end, false);
		dirty = page_set_find(&segment->dirty, last, end, true);
	}
	return (struct dirt){ segment->base + first * PAGE_BYTES,
		(last - first) * PAGE_BYTES };
}

/* What a search for a span found. */
struct found {
	char *addr;         /* NULL: nothing */
	bool commit_failed; /* because pages could not be committed */
	struct dirt dirt;
};

/*
 * Takes a span out of the segment, at page AT or, for PAGE_MAP_NONE, at the
 * lowest place with room for it. The pages are entered as used before they are
 * committed, for the trim in commit_span(), and as free again if that fails;
 * what was committed of them by then goes back, as all else that was free did.
 * They become dirty, as their owner may write to them at any time; FOUND says
 * what was dirty before.
 */
static struct found
segment_alloc(
    struct segment *segment, size_t at, size_t count, size_t alignment)
{
	struct found found = { NULL, false, { NULL, 0 } };
	size_t page = at;

	if (at == PAGE_MAP_NONE)
		page = page_map_find(&segment->map, count, alignment,
		    (uintptr_t)segment->base / PAGE_BYTES);
	else if (!page_map_is_free(&segment->map, at, count))
		return found;
	if (page == PAGE_MAP_NONE)
		return found;
	segment_set_used(segment, page, page + count, true);
	if (commit_span(segment, page, count) != 0) {
		segment_set_used(segment, page, page + count, false);
		decommit_in_vain(segment, page, page + count);
		found.commit_failed = true;
		return found;
	}
	found.addr = segment->base + page * PAGE_BYTES;
	found.dirt = find_dirt(segment, page, count);
	page_set_fill(&segment->dirty, page, page + count, true);
	segment->source->spans += count * PAGE_BYTES;
	return found;
}

/* Looks in one segment after the other, or at address AT. A failure to commit
 * ends the search: limit, file system and nodes are the same for all segments.
 */
static struct found
span_alloc(struct source *source, char *at, size_t bytes, size_t alignment)
{
	struct found found = { NULL, false, { NULL, 0 } };
	struct segment *segment;

	if (at != NULL) {
		segment = segment_of(source, at);
		return segment == NULL ?
		    found :
		    segment_alloc(segment,
			(size_t)(at - segment->base) / PAGE_BYTES,
			bytes / PAGE_BYTES, 1);
	}
	for (segment = source->first;
	     segment != NULL && found.addr == NULL && !found.commit_failed;
	     segment = segment->next)
		found = segment_alloc(segment, PAGE_MAP_NONE,
		    bytes / PAGE_BYTES, alignment / PAGE_BYTES);
	return found;
}

/*
 * See source.h. Without AT three ways are tried: the segments that there are;
 * those of a successor that has none yet (source_begin()); one more segment,
 * but only if addresses are what is short, since more of them do not help where
 * pages could not be committed. The two latter are made without the source's
 * lock, so another thread may have taken the room before the search is
 * repeated: then the answer is NULL, as when it had been there first. Pages are
 * made zero without the lock: the span is the caller's by then.
 */
void *
source_alloc(
    struct source *source, void *at, size_t bytes, size_t alignment, bool *zero)
{
	struct segment *segment;
	struct found found;
	bool empty;

	invariant(is_aligned(bytes, PAGE_BYTES) && bytes != 0);
	if (source_refused(source) || atomic_load(&source->inherited))
		return NULL;
	lock_take(&source->lock);
	found = span_alloc(source, at, bytes, alignment);
	empty = source->first == NULL;
	lock_give(&source->lock);
	if (unlikely(empty) && at == NULL && source->spec->size != 0 &&
	    source_begin(source)) {
		lock_take(&source->lock);
		found = span_alloc(source, NULL, bytes, alignment);
		lock_give(&source->lock);
	}
	if (found.addr == NULL && at == NULL && !found.commit_failed) {
		segment = source_grow(source, bytes, alignment);
		if (segment == NULL) {
			nodes_note(source);
			return NULL;
		}
		lock_take(&source->lock);
		segment_append(source, segment);
		found = span_alloc(source, NULL, bytes, alignment);
		lock_give(&source->lock);
	}
	if (found.addr == NULL && found.commit_failed)
		nodes_note(source);
	if (found.addr == NULL)
		return NULL;
	annotate_span(found.addr, bytes, *zero);
	if (*zero)
		__builtin_memset(found.dirt.from, 0, found.dirt.bytes);
	else
		*zero = found.dirt.bytes == 0;
	return found.addr;
}

/*
 * Only for small anonymous pages that the kernel gives at the first touch
 * anyway. Not where populate= or reserve= promised that the pages are there;
 * not for huge pages, of which there might be none when they are touched again;
 * and not where nodes are bound, since a page that was verified to be on its
 * node (anon.c) would be exchanged for one that nobody asked for; nor where a
 * device may know the pages (told.c).
 */
bool
source_zeroes_lazily(const struct source *source)
{
	const struct spec *spec = source->spec;

	return !source_tells(source) && spec_is_anonymous(spec) &&
	    spec->page <= SPEC_PAGE_BASE && !spec->populate && !spec->reserve &&
	    (!spec_has_nodes(spec) || spec->policy != SPEC_BIND);
}

void
source_zero(struct source *source, void *addr, size_t bytes)
{
	if (!source_zeroes_lazily(source) || os_discard(addr, bytes) != 0)
		memset(addr, 0, bytes);
}
