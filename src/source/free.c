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
 * What stays of a source that keeps a part: a quarter of what is handed out, or
 * 32 MiB, for a second. Whoever allocates large blocks in turn finds pages that
 * he has touched before, and what is left of a burst goes at once. Sixteen
 * blocks of 5 to 25 MiB, one after the other replaced and touched: 0.69 s where
 * nothing stays 1.29, and 353 MiB at the most where it was 296. A half gives
 * 0.42 s and 415 MiB, all of it 0.21 and 426, an eighth 1.08 and 310.
 */
#define PART_MS 1000
#define PART_MIN (32 * MIB)
#define PART_OF(spans) ((spans) / 4)

/* How many milliseconds pages stay committed. */
static uint64_t
stays_for(const struct source *source)
{
	if (source->keeps_part)
		return PART_MS;
	return source->idle_most == 0 && source->dear ? LOOSE_MS :
							source->idle_most;
}

/* Whether pages that have just come back stay. */
static bool
may_stay(const struct source *source)
{
	size_t spans = atomic_load(&source->spans);

	return source->keeps_part ?
	    source->committed - spans <= max_size(PART_OF(spans), PART_MIN) :
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

/* What else is given back when a span comes back. */
enum trim { TRIM_NOTHING, TRIM_WORTH, TRIM_ALL };

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
	if (source->idle &&
	    (over || (source->keeps_part && !stay) || is_idle_over(source)))
		return TRIM_ALL;
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
