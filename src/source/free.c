/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * free.c - spans taken back, and what becomes of their pages. See source.h.
 *
 * Free pages go back to the system at once, after a time, or never, by the
 * table at struct source; and whenever somebody wants them. Owns nothing.
 *
 * Static functions here run under the source's lock, unless they are said to
 * take it. Cannot fail.
 */
#include "source/account.h"
#include "source/decommit.h"
#include "source/marks.h"
#include "source/segment.h"
#include "source/sets.h"

/* Where giving small pieces back is expensive (least_of()), they stay for
 * LOOSE_MS; and when LOOSE_PIECES times the smallest size that is worth it has
 * come back, the source is searched for pieces that have become large enough.
 */
#define LOOSE_MS 10000
#define LOOSE_PIECES 8

/*
 * What stays of a source that keeps a part, for a second: as much as is handed
 * out, but of more than 256 MiB no more than a quarter of that, and 32 MiB in
 * any case. Whoever allocates large blocks in turn finds pages that he has
 * touched before. When more has come together, a quarter of the part goes, as
 * each search for it walks the segments; or all of it, where less than 32 MiB
 * are handed out: a burst is over.
 *
 * Sixteen blocks of 5 to 25 MiB, 400 times one of them replaced and touched:
 * 50 ms of processor time and 434 MiB at the most. Where a half of what is
 * handed out stays 101 and 427, a third 134 and 389, a quarter 171 and 372, an
 * eighth 350 and 332; and where all goes once it is more than a quarter, 337
 * and 366. 4000 times: 483 ms and 485 MiB, of a third 1548 and 447.
 */
#define PART_MS 1000
#define PART_MIN (32 * MIB)
#define PART_MOST (256 * MIB)

/* How many milliseconds pages stay committed. */
static uint64_t
stays_for(const struct source *source)
{
	if (source->keeps_part)
		return PART_MS;
	return source->idle_most == 0 && source->dear ? LOOSE_MS :
							source->idle_most;
}

/* How many bytes stay of a source that keeps a part. */
static size_t
part_of(const struct source *source)
{
	size_t spans = atomic_load(&source->spans);

	return max_size(
	    PART_MIN, min_size(spans, max_size(PART_MOST, spans / 4)));
}

/* Whether more than BYTES are committed and in no span. */
static bool
keeps_more_than(const struct source *source, size_t bytes)
{
	return source->committed - atomic_load(&source->spans) > bytes;
}

/* Whether pages that have just come back stay. */
static bool
may_stay(const struct source *source)
{
	return source->keeps_part ? !keeps_more_than(source, part_of(source)) :
				    source->idle_most != 0;
}

/* Whether pages that stayed committed have done so for long enough. */
bool
is_idle_over(const struct source *source)
{
	return source->idle &&
	    os_now_ms() - source->idle_since >= stays_for(source);
}

/* Notes that pages stay committed; the time runs from the first of them. */
static void
keep_idle(struct source *source)
{
	if (!source->idle)
		source->idle_since = os_now_ms();
	source->idle = true;
}

/* How many bytes in a row are worth giving back (struct segment_ops). Any,
 * where giving back takes no system call: what was reserved, or left after a
 * fork. */
static size_t
least_of(const struct segment *segment)
{
	const struct source *source = segment->source;

	return source->ops->least == NULL || source->spec->reserve ||
		segment->left ?
	    0 :
	    source->ops->least(segment);
}

/* Decommits what is free of PIECE_PAGES pages, from the first committed granule
 * at FROM or behind it, and returns where it stopped; WORTH: only runs that are
 * worth it. Takes the lock: other threads allocate between two pieces. */
static size_t
trim_piece(struct segment *segment, size_t from, bool worth)
{
	struct source *source = segment->source;
	size_t per = source->granule / PAGE_BYTES, pages = segment->map.pages;
	size_t end = pages;

	lock_take(&source->lock);
	if (!source_refused(source)) {
		from = page_set_find(
			   &segment->committed, from / per, pages / per, true) *
		    per;
		end = min_size(pages, from + max_size(PIECE_PAGES, per));
		decommit_between(
		    segment, from, end, worth ? least_of(segment) : 0);
	}
	lock_give(&source->lock);
	return end;
}

/* Decommits what is free in all segments, piece by piece. Takes the lock for
 * each; what comes back behind it meanwhile is left for the next time. */
static void
trim_segments(struct source *source, bool worth)
{
	struct segment *segment = NULL;

	while ((segment = next_segment_of(source, segment)) != NULL)
		for (size_t page = 0; page < segment->map.pages;)
			page = trim_piece(segment, page, worth);
}

/* Decommits what is free of pages FROM to END - 1, but no part of what a huge
 * page may lie in: the kernel would divide that, and give 4 KiB a fault when it
 * is touched again. */
static void
decommit_whole(struct segment *segment, size_t from, size_t end)
{
	const struct page_set *used = &segment->map.used;
	size_t whole = 2 * MIB / PAGE_BYTES, stop;

	if (from * PAGE_BYTES < segment->huge) {
		decommit_between(segment, from, end, 0);
		return;
	}
	for (; from < end;
	     from = align_up(page_set_find(used, stop, end, false), whole)) {
		stop = page_set_find(used, from, end, true);
		if (stop - from >= whole)
			decommit_between(
			    segment, from, align_down(stop, whole), 0);
	}
}

/* Decommits what is free of the PIECE_PAGES pages before *END, and sets that to
 * where they begin, while more stays than three quarters of a part; whether
 * that may be so still. Takes the lock. */
static bool
trim_last_piece(struct segment *segment, size_t *end)
{
	struct source *source = segment->source;
	size_t from = *end - min_size(*end, PIECE_PAGES);
	bool more;

	lock_take(&source->lock);
	more = keeps_more_than(source, part_of(source) / 4 * 3);
	if (more && !source_refused(source))
		decommit_whole(segment, from, *end);
	lock_give(&source->lock);
	*end = from;
	return more;
}

/* Decommits what is free at the highest addresses, until three quarters of a
 * part are left: as the lowest are handed out first, what lies there is missed
 * last. All, where that does not do: what is free is small pieces then. Takes
 * the lock for each piece. */
static void
trim_part(struct source *source)
{
	struct segment *segment = NULL;
	size_t end;

	while ((segment = segment_before(source, segment)) != NULL)
		for (end = segment->map.pages; end != 0;)
			if (!trim_last_piece(segment, &end))
				return;
	source_trim(source);
}

/* What else is given back when a span comes back. */
enum trim { TRIM_NOTHING, TRIM_WORTH, TRIM_PART, TRIM_ALL };

/* Decommits what a span leaves behind. Pieces below LEAST bytes stay, until
 * their neighbours are free, too. To look for that means to walk all segments;
 * so it is done when LOOSE_PIECES times LEAST bytes have come together. */
static enum trim
decommit_span(struct segment *segment, size_t page, size_t end, size_t least)
{
	struct source *source = segment->source;
	size_t left = decommit_between(segment, page, end, least);

	if (left == 0)
		return TRIM_NOTHING;
	keep_idle(source);
	source->dear = true;
	source->loose += left;
	if (source->loose < least * LOOSE_PIECES)
		return TRIM_NOTHING;
	source->loose = 0;
	return TRIM_WORTH;
}

/* Does with pages PAGE to END - 1, which are free now, what the table at struct
 * source says, and returns which trim the caller is to make without the lock.
 */
static enum trim
settle_pages(struct segment *segment, size_t page, size_t end)
{
	struct source *source = segment->source;
	bool over = account_is_over_limit(source->account);
	bool stay = !over && may_stay(source);

	if (atomic_load(&source->held) != 0) {
		source->idle = true;
		return TRIM_NOTHING;
	}
	if (source_refused(source))
		return TRIM_NOTHING;
	if (source_tells(source)) {
		keep_idle(source);
		return TRIM_NOTHING;
	}
	if (stay)
		keep_idle(source);
	if (source->idle && (over || is_idle_over(source)))
		return TRIM_ALL;
	if (!over && source->keeps_part && !stay) {
		keep_idle(source);
		return part_of(source) > PART_MIN ? TRIM_PART : TRIM_ALL;
	}
	if (stay)
		return TRIM_NOTHING;
	return decommit_span(segment, page, end, over ? 0 : least_of(segment));
}

/*
 * See source.h. The count that source_freed() reads goes up last, when the room
 * is there: a heap that sees it earlier would try once more in vain, and then
 * remember that it is full.
 */
void
source_free(struct source *source, void *addr, size_t bytes)
{
	lock_take(&source->lock);
	struct segment *segment = segment_of(source, addr);
	invariant(segment != NULL);
	size_t page = (size_t)((char *)addr - segment->base) / PAGE_BYTES;
	size_t count = bytes / PAGE_BYTES;

	invariant(page_set_find(&segment->map.used, page, page + count,
		      false) == page + count);
	segment_set_used(segment, page, page + count, false);
	source_unmark(marks_of(segment), addr, bytes);
	source->spans -= bytes;
	enum trim trim = settle_pages(segment, page, page + count);
	lock_give(&source->lock);
	if (trim == TRIM_ALL)
		source_trim(source);
	else if (trim == TRIM_PART)
		trim_part(source);
	else if (trim == TRIM_WORTH)
		trim_segments(source, true);
	atomic_fetch_add(&source->account->freed, 1);
}

void
source_keep_idle(struct source *source, uint64_t milliseconds)
{
	lock_take(&source->lock);
	source->idle_most = milliseconds;
	lock_give(&source->lock);
}

void
source_keep_part(struct source *source)
{
	lock_take(&source->lock);
	source->keeps_part = true;
	lock_give(&source->lock);
}

/* Called by threads that come by on a slow path (arena/decay.c). While a source
 * is held nothing goes: its pages are about to be used. */
bool
source_decay(struct source *source)
{
	bool waits, over;

	lock_take(&source->lock);
	waits = source->idle && !source_tells(source);
	over = waits && atomic_load(&source->held) == 0 && is_idle_over(source);
	waits = waits && !over && stays_for(source) != UINT64_MAX;
	lock_give(&source->lock);
	if (over)
		source_trim(source);
	return waits;
}

void
source_hold(struct source *source)
{
	atomic_fetch_add(&source->held, 1);
}

void
source_unhold(struct source *source)
{
	atomic_fetch_sub(&source->held, 1);
}

void
source_trim(struct source *source)
{
	size_t before = atomic_load(&source->account->committed);

	lock_take(&source->lock);
	end_idle(source);
	lock_give(&source->lock);
	trim_segments(source, false);
	if (atomic_load(&source->account->committed) < before)
		atomic_fetch_add(&source->account->freed, 1);
}
