/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * source.c - where the pages of a kind come from. See source.h.
 *
 * Owns their locks and their accounts. A span is found in a page map, then its
 * pages are committed, and only then is it handed out; in reverse when it comes
 * back. What a page is made of is in anon.c, file.c, region.c and device.c, how
 * a source comes and goes in open.c, what fork does to it in fork.c.
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

/* A span takes as much space ahead as there is already up to the first of
 * these, and from there on an eighth of it up to the second. */
#define COMMIT_AHEAD_EQUAL (64 * KIB)
#define COMMIT_AHEAD_MAX (2 * MIB)
/* So many spans do without after that failed: trying is dear where little is
 * left. */
#define NOT_AHEAD 256

/* So much is looked at or given back while the lock is held: 16 MiB, below a
 * millisecond. */
#define PIECE_PAGES ((size_t)4096)

/* Pieces that are dear to give back stay for so many milliseconds, where pages
 * do not stay at all otherwise; and for each so many times the least piece that
 * is worth it, what has met is looked for. */
#define LOOSE_MS 10000
#define LOOSE_PIECES 8

/* ---- Segments ---------------------------------------------------------- */

static bool
segment_holds(const struct segment *segment, const void *addr)
{
	return (uintptr_t)addr - (uintptr_t)segment->base < segment->bytes;
}

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

/* The segment that comes after BEFORE, or is the first. Takes the lock: they
 * are added at the end, and go with their source. */
static struct segment *
next_segment_of(struct source *source, const struct segment *before)
{
	struct segment *next;

	lock_take(&source->lock);
	next = before == NULL ? source->first : before->next;
	lock_give(&source->lock);
	return next;
}

/* What a source of fixed size has, if it has nothing yet. */
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

/* One more segment, with room for BYTES at ALIGNMENT. Called and returns
 * without the source's lock, which comes after that of the list; NULL when
 * there is nothing more to have. */
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

/* ---- Backing ------------------------------------------------------------ */

/* Claims BYTES of the limit, if it permits. */
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

/* What was claimed is committed now. */
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

/* For each walk that is past some of them: pages FROM to END - 1 are in spans
 * from now on, or in none. */
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
		/* What it got before it failed is in nobody's account. And
		 * what is short outside may be there a moment later. */
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

/* Where a run of decommitted granules from FROM on, needed up to END, had
 * better end, since a step at a time costs a system call each. */
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

/* Takes the pages of granules FROM to END - 1 away, if that can be done. */
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

/* The same, if they are at least LEAST bytes. Returns how many stayed for that
 * they are fewer. */
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

/* Takes away the pages of every granule between pages FROM and END that holds
 * no page of a span, where they are LEAST bytes in a row. Returns how many were
 * fewer. */
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

/* Nothing waits any more; what comes back from here on waits anew. */
static void
end_idle(struct source *source)
{
	source->idle = false;
	source->dear = false;
	source->loose = 0;
}

/* At once: what waits for nobody is wanted by somebody. */
static void
trim_all(struct source *source)
{
	for (struct segment *s = source->first; s != NULL; s = s->next)
		decommit_between(s, 0, s->map.pages, 0);
	end_idle(source);
}

/* Backs every page from FROM to FROM + COUNT - 1; what was committed on the way
 * stays so when it fails. */
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
			/* Pages that wait for nobody may make room. */
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

/* Looks for a span in the segment, at page AT or wherever there is room. */
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

/* Looks in one segment after the other, or at address AT. What could not be
 * committed in one cannot be committed in the next. */
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

/* Leaves pages committed that are likely to be wanted again, for a while. */
static void
keep_idle(struct source *source)
{
	if (!source->idle)
		source->idle_since = os_now_ms();
	source->idle = true;
}

/*
 * How many bytes in a row are worth giving back while nobody needs them: what
 * that costs is for the file system to say. Where each free gives back at once,
 * 20,000 random operations on some 45 MiB punched 1,000 to 2,300 holes, each of
 * 0.8 to 1.8 ms on btrfs and 0.1 to 0.2 on ext4: 2.0 s on btrfs, where they
 * took 0.2 without. So there small pieces wait until they have met others, at
 * most LOOSE_MS: 0.2 s and 4 holes. To wait everywhere would keep space from
 * others where giving it back is cheap. A trim, want of room and a limit take
 * any.
 */
static size_t
least_of(const struct segment *segment)
{
	const struct source *source = segment->source;

	return source->ops->least == NULL || source->spec->reserve ||
		segment->left ?
	    0 :
	    source->ops->least(segment);
}

/* Takes pages from FROM on away, so many that the lock is not held for long;
 * returns where it stopped. */
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

/* Gives back all pages that are in no span, or only what is WORTH it. */
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

/* Gives back what a span leaves behind; but pieces that are dear wait until
 * they have met others, or for long enough. */
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

/* Takes back what a span leaves behind, and tells what is to go of all that
 * stayed committed. */
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
	lock_take(&source->lock);
	end_idle(source);
	lock_give(&source->lock);
	trim_segments(source, false);
}

void
source_set_limit(struct source *source, size_t limit)
{
	atomic_store(&source->account->limit, limit);
	atomic_fetch_add(&source->account->freed, 1);
}

/* The first run of committed memory at page FROM of the segment or behind it,
 * not too long; false if there is none. */
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
 * stay, whatever becomes of the pages. */
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
