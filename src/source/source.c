/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * source.c - where the pages of a kind come from. See source.h.
 *
 * Owns their locks and their accounts. A span is found in a page map, then its
 * pages are committed, and only then is it handed out; in reverse when it comes
 * back. What a page is made of is in anon.c, file.c, region.c and device.c, how
 * a source comes and goes in open.c, what fork does to it in fork.c.
 *
 * Static functions here run under the source's lock, unless they are said to
 * take it. A source gives it back to grow, as a segment is made under
 * sources_lock, which comes first. Segments go with their source alone, so a
 * pointer to one may be kept over that.
 *
 * What may fail: committing, and with it source_alloc(). Giving back cannot:
 * where the kernel does not take pages back they stay committed, are counted as
 * such, and serve the next span. The sets of a segment, the account, and what
 * stays committed for how long are explained in segment.h.
 */
#include "source/source.h"

#include <errno.h>
#include <string.h>

#include "base/annotate.h"
#include "base/bits.h"
#include "base/error.h"
#include "os/records.h"
#include "source/address_map.h"
#include "source/segment.h"

/* A source without a size doubles its addresses with each segment up to this
 * many. */
#define SEGMENT_MAX (64 * GIB)

/* Commit-ahead: see ahead_of(). */
#define COMMIT_AHEAD_EQUAL (64 * KIB)
#define COMMIT_AHEAD_MAX (2 * MIB)
/* After commit-ahead has failed, so many runs do without: where little is left,
 * an attempt costs a failing system call and the undoing of what it got. */
#define NOT_AHEAD 256

/* So much is looked at or given back while the lock is held: 16 MiB, below a
 * millisecond. */
#define PIECE_PAGES ((size_t)4096)

/* Where giving small pieces back is expensive (least_of()), they stay for
 * LOOSE_MS; and when LOOSE_PIECES times the smallest size that is worth it has
 * come back, the source is searched for pieces that have become large enough.
 */
#define LOOSE_MS 10000
#define LOOSE_PIECES 8

/* ---- Segments ---------------------------------------------------------- */

static bool
segment_holds(const struct segment *segment, const void *addr)
{
	return (uintptr_t)addr - (uintptr_t)segment->base < segment->bytes;
}

/* A list is enough: segments double in size as a source grows, so there are
 * few. */
static struct segment *
segment_of(const struct source *source, const void *addr)
{
	struct segment *segment = source->first;

	while (segment != NULL && !segment_holds(segment, addr))
		segment = segment->next;
	return segment;
}

static READS_STALE struct source_marks
marks_of(const struct segment *segment)
{
	return (struct source_marks){ (uintptr_t)segment->base, segment->bytes,
		segment->marks };
}

/* The segment after BEFORE; the first one for NULL. Takes the lock. For loops
 * that give it back in between: segments are added at the end alone, and go
 * with their source, so BEFORE still is in the list. */
static struct segment *
next_segment_of(struct source *source, const struct segment *before)
{
	struct segment *next;

	lock_take(&source->lock);
	next = before == NULL ? source->first : before->next;
	lock_give(&source->lock);
	return next;
}

/*
 * Opens the segments of a source of fixed size that has none yet, a successor
 * after a fork (source_succeed()): most children never allocate from it, and so
 * need no file. Takes both locks. On failure nothing is left behind, and the
 * count of source_freed() goes up: what was short (space, addresses) may come
 * back without a free in this source, so the heap is to try again.
 */
static bool
source_begin(struct source *source)
{
	int error = 0;

	lock_take(&sources_lock);
	lock_take(&source->lock);
	if (source->first == NULL)
		error = source_open_late(source);
	lock_give(&source->lock);
	lock_give(&sources_lock);
	if (error != 0)
		atomic_fetch_add(&source->account->freed, 1);
	return error == 0;
}

/*
 * Makes one more segment, with room for BYTES at ALIGNMENT: as many addresses
 * as the source has already, up to SEGMENT_MAX, and fewer, down to what is
 * needed, where so many cannot be had. Takes both locks. The segment is in the
 * address map but in no list, for the caller to append. Two threads that find
 * no room at the same time make two; the second one serves later requests. NULL
 * for a source of fixed size, for a request above half of SOURCE_SEGMENT_MAX,
 * and, as in source_begin(), where the system gives none.
 */
static struct segment *
source_grow(struct source *source, size_t bytes, size_t alignment)
{
	size_t least = align_up(
	    bytes + alignment, max_size(source->granule, SEGMENT_MIN));
	struct segment *segment;
	size_t want;
	int error;

	if (max_size(bytes, alignment) > SOURCE_SEGMENT_MAX / 2 ||
	    least > SOURCE_SEGMENT_MAX ||
	    (source->spec->size != 0 && !source->spec->grow))
		return NULL;
	lock_take(&sources_lock);
	lock_take(&source->lock);
	want = min_size(source->size, SEGMENT_MAX);
	lock_give(&source->lock);
	error = segment_new_within(source, want, least, &segment);
	lock_give(&sources_lock);
	if (error == 0)
		return segment;
	atomic_fetch_add(&source->account->freed, 1);
	return NULL;
}

/* ---- Account ------------------------------------------------------------- */

/* Claims BYTES of the limit; false, and nothing is claimed, where that would
 * pass it. */
static bool
account_claim(struct account *account, size_t bytes)
{
	size_t limit = atomic_load(&account->limit);
	size_t claimed = atomic_load(&account->claimed);

	do
		if (limit != 0 && (bytes > limit || claimed > limit - bytes))
			return false;
	while (!atomic_compare_exchange_weak(
	    &account->claimed, &claimed, claimed + bytes));
	return true;
}

/* Notes that BYTES claimed before are committed now. */
static void
account_commit(struct account *account, size_t bytes)
{
	size_t committed = atomic_fetch_add(&account->committed, bytes) + bytes;
	size_t peak = atomic_load(&account->peak);

	while (peak < committed &&
	    !atomic_compare_exchange_weak(&account->peak, &peak, committed))
		;
}

void
source_uncount(struct source *source, size_t bytes)
{
	source->committed -= bytes;
	atomic_fetch_sub(&source->account->committed, bytes);
	atomic_fetch_sub(&source->account->claimed, bytes);
}

/* ---- Committing ---------------------------------------------------------- */

/* Enters pages FROM to END - 1 as in spans, or as free. A check that is under
 * way (check.c) has added up what lies in front of where it stands: what
 * changes there is added to its sum, or taken off. */
static void
set_used(struct segment *segment, size_t from, size_t end, bool used)
{
	page_map_set(&segment->map, from, end - from, used);
	for (struct walk *w = segment->source->walks; w != NULL; w = w->next) {
		size_t bytes = (walk_passed(w, segment, end) -
				   walk_passed(w, segment, from)) *
		    PAGE_BYTES;

		w->spans += used ? bytes : -bytes;
	}
}

/* The same for granules FROM to END - 1: a walk is past those whose first page
 * it has passed. */
static void
set_committed(struct segment *segment, size_t from, size_t end, bool committed)
{
	size_t granule = segment->source->granule, per = granule / PAGE_BYTES;

	page_set_fill(&segment->committed, from, end, committed);
	for (struct walk *w = segment->source->walks; w != NULL; w = w->next) {
		size_t passed = walk_passed(w, segment, end * per);
		size_t last = max_size((passed + per - 1) / per, from);

		w->committed += (committed ? last - from : from - last) *
		    granule;
	}
}

/*
 * Commits granules FROM to END - 1, all of them or none: claims them in the
 * account, has the operations give them memory, and enters them. Returns 0 or
 * the error number; ENOMEM where the limit does not permit it.
 *
 * Operations may have got a part of it before they failed. Nobody would ever
 * give that back, as it is not entered; so the whole range is decommitted. What
 * that answers does not matter: the granules were free and hold nothing.
 */
int
segment_commit(struct segment *segment, size_t from, size_t end)
{
	struct source *source = segment->source;
	size_t bytes = (end - from) * source->granule;
	int error;

	if (!account_claim(source->account, bytes))
		return ENOMEM;
	error = source->ops->commit(segment, from * source->granule, bytes);
	if (error != 0) {
		source->ops->decommit(segment, from * source->granule, bytes);
		atomic_fetch_sub(&source->account->claimed, bytes);
		source->short_of = bytes;
		source->short_since = os_now_ms();
		atomic_fetch_add(&source->account->freed, 1);
		return error;
	}
	source->committed += bytes;
	account_commit(source->account, bytes);
	set_committed(segment, from, end, true);
	if (!source->ops->reads_zero)
		page_set_fill(&segment->dirty,
		    from * source->granule / PAGE_BYTES,
		    end * source->granule / PAGE_BYTES, true);
	return 0;
}

/*
 * Commit-ahead: where a run of granules that are not committed, which begins at
 * FROM and is needed up to END, had better end.
 *
 * Committing each small request by itself is a system call each, and four for
 * bound anonymous memory (anon.c). So a run is made as long as what the source
 * has committed already, up to 64 KiB, and from 512 KiB on an eighth of that,
 * up to 2 MiB: a small kind takes little that it does not need, and the waste
 * of a large one stays a small part of it. That length includes what is needed,
 * so a long request takes nothing ahead. The run ends at the next granule that
 * is committed, and at the end of the segment.
 *
 * Returns END where nothing is to be taken ahead: granules of 2 MiB are large
 * enough by themselves, and what costs nothing (ops->ahead) needs no more.
 */
static size_t
ahead_of(const struct segment *segment, size_t from, size_t end)
{
	const struct source *source = segment->source;
	size_t ahead = min_size(COMMIT_AHEAD_MAX,
	    max_size(source->committed / 8,
		min_size(source->committed, COMMIT_AHEAD_EQUAL)));
	size_t least = from + ahead / source->granule;
	size_t last = segment->bytes / source->granule;

	if (!source->ops->ahead || least <= end)
		return end;
	return page_set_find(
	    &segment->committed, end, min_size(least, last), true);
}

/* Decommits granules FROM to END - 1, which hold no page of a span. Where the
 * operations fail (the kernel refuses, or the memory is locked by mlockall(2)
 * and is a file's) the granules stay as they are: committed, counted, and ready
 * for the next span. */
static void
segment_decommit(struct segment *segment, size_t from, size_t end)
{
	struct source *source = segment->source;
	size_t per_granule = source->granule / PAGE_BYTES;
	size_t bytes = (end - from) * source->granule;

	/* What was reserved stays, and what another process may be using. */
	if (source->spec->reserve || segment->left ||
	    source->ops->decommit(segment, from * source->granule, bytes) != 0)
		return;
	set_committed(segment, from, end, false);
	page_set_fill(
	    &segment->dirty, from * per_granule, end * per_granule, false);
	source_uncount(source, bytes);
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

/* Decommits every granule that has a page between FROM and END and holds no
 * page of a span, a run at a time. The granules at both ends may reach beyond
 * the range: what was free beside a span goes with it. Runs of fewer than LEAST
 * bytes are left; returns how many bytes these have together. */
static size_t
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

/* Forgets that free pages stay committed, because all of them are about to go;
 * what comes back from here on waits its full time again. */
static void
end_idle(struct source *source)
{
	source->idle = false;
	source->dear = false;
	source->loose = 0;
}

/* Decommits every granule without a span, because a span needs the room. Under
 * the lock all the time: giving it back would let others take the room. */
static void
trim_all(struct source *source)
{
	for (struct segment *s = source->first; s != NULL; s = s->next)
		decommit_between(s, 0, s->map.pages, 0);
	end_idle(source);
}

/*
 * Commits every page of a span that was just entered in the page map, run by
 * run of granules that are not committed yet. Returns 0 or an error number. A
 * run is tried:
 *
 *  1. with commit-ahead, if it is the last: what follows the others is
 *     committed. If that fails, the next NOT_AHEAD runs do without;
 *  2. alone. If that fails, the limit or the system may be full of our own free
 *     pages that stay committed;
 *  3. after trim_all() has given those back, once. The loop starts again at the
 *     span's beginning and passes over what it has committed: trim_all() leaves
 *     that alone, since these pages are entered as used.
 *
 * If it fails in the end, runs committed before the failing one stay committed
 * and are free: the next span there uses them, or a trim gives them back.
 */
static int
commit_span(struct segment *segment, size_t from, size_t count)
{
	struct source *source = segment->source;
	size_t per_granule = source->granule / PAGE_BYTES;
	size_t granule = from / per_granule;
	size_t end = (from + count + per_granule - 1) / per_granule;
	bool trimmed = false;

	while ((granule = page_set_find(
		    &segment->committed, granule, end, false)) < end) {
		size_t stop = page_set_find(
		    &segment->committed, granule, end, true);
		size_t ahead = stop == end ? ahead_of(segment, granule, end) :
					     stop;

		if (ahead > stop && source->not_ahead > 0) {
			source->not_ahead--;
		} else if (ahead > stop) {
			if (segment_commit(segment, granule, ahead) == 0)
				return 0;
			source->not_ahead = NOT_AHEAD;
		}
		int error = segment_commit(segment, granule, stop);
		if (error != 0 && trimmed)
			return error;
		if (error != 0) {
			trim_all(source);
			trimmed = true;
			granule = from / per_granule;
		}
	}
	return 0;
}

/* ---- Spans -------------------------------------------------------------- */

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
 * committed, for the trim in commit_span(), and as free again if that fails.
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
	set_used(segment, page, page + count, true);
	if (commit_span(segment, page, count) != 0) {
		set_used(segment, page, page + count, false);
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
		if (segment == NULL)
			return NULL;
		lock_take(&source->lock);
		segment_append(source, segment);
		found = span_alloc(source, NULL, bytes, alignment);
		lock_give(&source->lock);
	}
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
 * node (anon.c) would be exchanged for one that nobody asked for.
 */
bool
source_zeroes_lazily(const struct source *source)
{
	const struct spec *spec = source->spec;

	return spec_is_anonymous(spec) && spec->page == SPEC_PAGE_BASE &&
	    !spec->populate && !spec->reserve &&
	    (!spec_has_nodes(spec) || spec->policy != SPEC_BIND);
}

void
source_zero(struct source *source, void *addr, size_t bytes)
{
	if (!source_zeroes_lazily(source) || os_discard(addr, bytes) != 0)
		memset(addr, 0, bytes);
}

/* ---- Giving back --------------------------------------------------------- */

/* How many milliseconds pages stay committed. */
static uint64_t
stays_for(const struct source *source)
{
	return source->idle_most == 0 && source->dear ? LOOSE_MS :
							source->idle_most;
}

/* Whether pages that stayed committed have done so for long enough. */
static bool
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

/* How many bytes in a row are worth giving back (segment.h). Any, where giving
 * back takes no system call: what was reserved, or left after a fork. */
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
	bool over = source_is_over_limit(source);

	if (atomic_load(&source->held) != 0) {
		source->idle = true;
		return TRIM_NOTHING;
	}
	if (source_refused(source))
		return TRIM_NOTHING;
	if (source->idle_most != 0 && !over)
		keep_idle(source);
	if (source->idle && (over || is_idle_over(source)))
		return TRIM_ALL;
	if (source->idle_most != 0 && !over)
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
	set_used(segment, page, page + count, false);
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

/* Called by threads that tend idle heaps on a slow path (arena/heaps.c). While
 * a source is held nothing goes: its pages are about to be used. */
bool
source_tend(struct source *source)
{
	bool idle, over;

	lock_take(&source->lock);
	idle = stays_for(source) != 0 && source->idle;
	over = idle && atomic_load(&source->held) == 0 && is_idle_over(source);
	lock_give(&source->lock);
	if (over)
		source_trim(source);
	return idle && !over;
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

/* ---- Trim, limit, answers ----------------------------------------------- */

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

void
source_set_limit(struct source *source, size_t limit)
{
	atomic_store(&source->account->limit, limit);
	atomic_fetch_add(&source->account->freed, 1);
}

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
 * A successor without segments reports the size that it will have. */
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
	lock_give(&source->lock);
	if (want_resident)
		for_committed(source, add_resident, &stats->resident);
}

bool
source_has_limit(const struct source *source)
{
	return atomic_load(&source->account->limit) != 0;
}

size_t
source_spans(const struct source *source)
{
	return atomic_load_explicit(&source->spans, memory_order_relaxed);
}

/* Under a limit free pages that stay committed count, as they take it up. */
size_t
source_used(const struct source *source)
{
	return source_has_limit(source) ?
	    atomic_load(&source->account->committed) :
	    atomic_load(&source->spans);
}

bool
source_is_over_limit(const struct source *source)
{
	size_t limit = atomic_load(&source->account->limit);

	return limit != 0 && atomic_load(&source->account->committed) > limit;
}

uint64_t
source_freed(const struct source *source)
{
	return atomic_load(&source->account->freed);
}

/* ---- Readers without a lock ---------------------------------------------- */

/* Why what was read is right when address_map_holds() says so: address_map.h.
 */
READS_STALE void *
source_owner_of(const void *addr)
{
	struct segment *segment;
	unsigned begin;
	void *owner;

	do {
		begin = address_map_begin();
		segment = address_map_find(addr);
		owner = segment == NULL ? NULL : segment->owner;
	} while (unlikely(!address_map_holds(begin)));
	return owner;
}

READS_STALE uintptr_t
source_begin_of(const void *addr)
{
	struct segment *segment;
	uintptr_t base;
	unsigned begin;

	do {
		begin = address_map_begin();
		segment = address_map_find(addr);
		base = segment == NULL ? 0 : (uintptr_t)segment->base;
	} while (unlikely(!address_map_holds(begin)));
	return base;
}

/* Without a second look: callers know that the segment stays. */
READS_STALE struct source_marks
source_marks_of(const void *addr)
{
	struct segment *segment = address_map_find(addr);

	return segment == NULL ? (struct source_marks){ 0 } : marks_of(segment);
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
