/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * source.c - where the pages of a kind come from. See source.h.
 *
 * Owns their locks and their accounts. A span is found in a page map, then its
 * pages are backed, and only then is it handed out; in reverse when it comes
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
#include "source/stretch.h"

/* A source without a size doubles its addresses with each stretch up to this
 * many. */
#define STRETCH_MOST (64 * GIB)

/* A span takes as much space ahead as there is already up to the first of
 * these, and from there on an eighth of it up to the second. */
#define AHEAD_EQUAL (64 * KIB)
#define AHEAD_MOST (2 * MIB)
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

/* ---- Stretches ---------------------------------------------------------- */

static bool
stretch_holds(const struct stretch *stretch, const void *addr)
{
	return (uintptr_t)addr - (uintptr_t)stretch->base < stretch->bytes;
}

static struct stretch *
stretch_of(const struct source *source, const void *addr)
{
	struct stretch *stretch = source->first;

	while (stretch != NULL && !stretch_holds(stretch, addr))
		stretch = stretch->next;
	return stretch;
}

static READS_STALE struct source_marks
marks_of(const struct stretch *stretch)
{
	return (struct source_marks){ (uintptr_t)stretch->base, stretch->bytes,
		stretch->marks };
}

/* The stretch that comes after BEFORE, or is the first. Takes the lock: they are
 * added at the end, and go with their source. */
static struct stretch *
next_stretch_of(struct source *source, const struct stretch *before)
{
	struct stretch *next;

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

/* One more stretch, with room for BYTES at ALIGNMENT. Called and returns
 * without the source's lock, which comes after that of the list; NULL when
 * there is nothing more to have. */
static struct stretch *
source_grow(struct source *source, size_t bytes, size_t alignment)
{
	size_t least = align_up(
	    bytes + alignment, max_size(source->grain, STRETCH_LEAST));
	struct stretch *stretch;
	size_t want;
	int error;

	if (max_size(bytes, alignment) > SOURCE_STRETCH_MAX / 2 ||
	    least > SOURCE_STRETCH_MAX ||
	    (source->spec->size != 0 && !source->spec->grow))
		return NULL;
	lock_take(&sources_lock);
	lock_take(&source->lock);
	want = min_size(source->size, STRETCH_MOST);
	lock_give(&source->lock);
	error = stretch_new_within(source, want, least, &stretch);
	lock_give(&sources_lock);
	if (error == 0)
		return stretch;
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

/* What was claimed is backed now. */
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
set_used(struct stretch *stretch, size_t from, size_t end, bool used)
{
	page_map_set(&stretch->map, from, end - from, used);
	for (struct walk *w = stretch->source->walks; w != NULL; w = w->next) {
		size_t bytes = (walk_passed(w, stretch, end) -
				   walk_passed(w, stretch, from)) *
		    PAGE_BYTES;

		w->spans += used ? bytes : -bytes;
	}
}

/* The same for grains FROM to END - 1: a walk is past those whose first page it
 * has passed. */
static void
set_backed(struct stretch *stretch, size_t from, size_t end, bool backed)
{
	size_t grain = stretch->source->grain, per = grain / PAGE_BYTES;

	page_set_fill(&stretch->backed, from, end, backed);
	for (struct walk *w = stretch->source->walks; w != NULL; w = w->next) {
		size_t passed = walk_passed(w, stretch, end * per);
		size_t last = max_size((passed + per - 1) / per, from);

		w->committed += (backed ? last - from : from - last) * grain;
	}
}

int
stretch_back(struct stretch *stretch, size_t from, size_t end)
{
	struct source *source = stretch->source;
	size_t bytes = (end - from) * source->grain;
	int error;

	if (!account_claim(source->account, bytes))
		return ENOMEM;
	error = source->ops->back(stretch, from * source->grain, bytes);
	if (error != 0) {
		/* What it got before it failed is in nobody's account. And
		 * what is short outside may be there a moment later. */
		source->ops->unback(stretch, from * source->grain, bytes);
		atomic_fetch_sub(&source->account->claimed, bytes);
		source->short_of = bytes;
		source->short_since = os_now_ms();
		atomic_fetch_add(&source->account->freed, 1);
		return error;
	}
	source->committed += bytes;
	account_commit(source->account, bytes);
	set_backed(stretch, from, end, true);
	if (!source->ops->reads_zero)
		page_set_fill(&stretch->dirty,
		    from * source->grain / PAGE_BYTES,
		    end * source->grain / PAGE_BYTES, true);
	return 0;
}

/* Where a run of unbacked grains from FROM on, needed up to END, had better
 * end, since a step at a time costs a system call each. */
static size_t
ahead_of(const struct stretch *stretch, size_t from, size_t end)
{
	const struct source *source = stretch->source;
	size_t ahead = min_size(AHEAD_MOST,
	    max_size(source->committed / 8,
		min_size(source->committed, AHEAD_EQUAL)));
	size_t least = from + ahead / source->grain;
	size_t last = stretch->bytes / source->grain;

	if (!source->ops->ahead || least <= end)
		return end;
	return page_set_find(
	    &stretch->backed, end, min_size(least, last), true);
}

/* Takes the pages of grains FROM to END - 1 away, if that can be done. */
static void
stretch_unback(struct stretch *stretch, size_t from, size_t end)
{
	struct source *source = stretch->source;
	size_t per_grain = source->grain / PAGE_BYTES;
	size_t bytes = (end - from) * source->grain;

	/* What was reserved stays, and what another process may be using. */
	if (source->spec->reserve || stretch->left ||
	    source->ops->unback(stretch, from * source->grain, bytes) != 0)
		return;
	set_backed(stretch, from, end, false);
	page_set_fill(
	    &stretch->dirty, from * per_grain, end * per_grain, false);
	source_uncount(source, bytes);
}

/* The same, if they are at least LEAST bytes. Returns how many stayed for that
 * they are fewer. */
static size_t
stretch_unback_least(
    struct stretch *stretch, size_t from, size_t end, size_t least)
{
	size_t bytes = (end - from) * stretch->source->grain;

	if (bytes < least)
		return bytes;
	stretch_unback(stretch, from, end);
	return 0;
}

/* Takes away the pages of every grain between pages FROM and END that holds no
 * page of a span, where they are LEAST bytes in a row. Returns how many were
 * fewer. */
static size_t
unback_between(struct stretch *stretch, size_t from, size_t end, size_t least)
{
	size_t per_grain = stretch->source->grain / PAGE_BYTES;
	size_t grain = from / per_grain;
	size_t last = (end + per_grain - 1) / per_grain;
	size_t left = 0;

	while ((grain = page_set_find(&stretch->backed, grain, last, true)) <
	    last) {
		size_t used = page_set_find(&stretch->map.used,
		    grain * per_grain, last * per_grain, true);
		size_t idle = min_size(used / per_grain,
		    page_set_find(&stretch->backed, grain, last, false));

		if (idle > grain) {
			left += stretch_unback_least(
			    stretch, grain, idle, least);
			grain = idle;
		} else {
			/* On to the first grain behind the span. */
			grain = max_size(grain + 1,
			    page_set_find(&stretch->map.used, used,
				last * per_grain, false) /
				per_grain);
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
	for (struct stretch *s = source->first; s != NULL; s = s->next)
		unback_between(s, 0, s->map.pages, 0);
	end_idle(source);
}

/* Backs every page from FROM to FROM + COUNT - 1; what was backed on the way
 * stays so when it fails. */
static int
back_span(struct stretch *stretch, size_t from, size_t count)
{
	struct source *source = stretch->source;
	size_t per_grain = source->grain / PAGE_BYTES;
	size_t grain = from / per_grain;
	size_t end = (from + count + per_grain - 1) / per_grain;
	bool trimmed = false;

	while ((grain = page_set_find(&stretch->backed, grain, end, false)) <
	    end) {
		size_t stop = page_set_find(&stretch->backed, grain, end, true);
		size_t ahead = stop == end ? ahead_of(stretch, grain, end) :
					     stop;

		if (ahead > stop && source->not_ahead > 0) {
			source->not_ahead--;
		} else if (ahead > stop) {
			if (stretch_back(stretch, grain, ahead) == 0)
				return 0;
			source->not_ahead = NOT_AHEAD;
		}
		int error = stretch_back(stretch, grain, stop);
		if (error != 0 && trimmed)
			return error;
		if (error != 0) {
			/* Pages that wait for nobody may make room. */
			trim_all(source);
			trimmed = true;
			grain = from / per_grain;
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
find_dirt(const struct stretch *stretch, size_t from, size_t count)
{
	size_t end = from + count;
	size_t first = page_set_find(&stretch->dirty, from, end, true);

	size_t last = first;

	for (size_t dirty = first; dirty < end;) {
		last = page_set_find(&stretch->dirty, dirty, end, false);
		dirty = page_set_find(&stretch->dirty, last, end, true);
	}
	return (struct dirt){ stretch->base + first * PAGE_BYTES,
		(last - first) * PAGE_BYTES };
}

/* What a search for a span found. */
struct found {
	char *addr;      /* NULL: nothing */
	bool no_backing; /* because pages could not be backed */
	struct dirt dirt;
};

/* Looks for a span in the stretch, at page AT or wherever there is room. */
static struct found
stretch_alloc(
    struct stretch *stretch, size_t at, size_t count, size_t alignment)
{
	struct found found = { NULL, false, { NULL, 0 } };
	size_t page = at;

	if (at == PAGE_MAP_NONE)
		page = page_map_find(&stretch->map, count, alignment,
		    (uintptr_t)stretch->base / PAGE_BYTES);
	else if (!page_map_is_free(&stretch->map, at, count))
		return found;
	if (page == PAGE_MAP_NONE)
		return found;
	set_used(stretch, page, page + count, true);
	if (back_span(stretch, page, count) != 0) {
		set_used(stretch, page, page + count, false);
		found.no_backing = true;
		return found;
	}
	found.addr = stretch->base + page * PAGE_BYTES;
	found.dirt = find_dirt(stretch, page, count);
	page_set_fill(&stretch->dirty, page, page + count, true);
	stretch->source->spans += count * PAGE_BYTES;
	return found;
}

/* Looks in one stretch after the other, or at address AT. What could not be
 * backed in one cannot be backed in the next. */
static struct found
span_alloc(struct source *source, char *at, size_t bytes, size_t alignment)
{
	struct found found = { NULL, false, { NULL, 0 } };
	struct stretch *stretch;

	if (at != NULL) {
		stretch = stretch_of(source, at);
		return stretch == NULL ?
		    found :
		    stretch_alloc(stretch,
			(size_t)(at - stretch->base) / PAGE_BYTES,
			bytes / PAGE_BYTES, 1);
	}
	for (stretch = source->first;
	     stretch != NULL && found.addr == NULL && !found.no_backing;
	     stretch = stretch->next)
		found = stretch_alloc(stretch, PAGE_MAP_NONE,
		    bytes / PAGE_BYTES, alignment / PAGE_BYTES);
	return found;
}

void *
source_alloc(
    struct source *source, void *at, size_t bytes, size_t alignment, bool *zero)
{
	struct stretch *stretch;
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
	if (found.addr == NULL && at == NULL && !found.no_backing) {
		stretch = source_grow(source, bytes, alignment);
		if (stretch == NULL)
			return NULL;
		lock_take(&source->lock);
		stretch_append(source, stretch);
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

/* How many milliseconds pages stay backed. */
static uint64_t
stays_for(const struct source *source)
{
	return source->idle_most == 0 && source->dear ? LOOSE_MS :
							source->idle_most;
}

/* Whether pages that stayed backed have done so for long enough. */
static bool
is_idle_over(const struct source *source)
{
	return source->idle &&
	    os_now_ms() - source->idle_since >= stays_for(source);
}

/* Leaves pages backed that are likely to be wanted again, for a while. */
static void
keep_idle(struct source *source)
{
	if (!source->idle)
		source->idle_since = os_now_ms();
	source->idle = true;
}

/* How many bytes in a row are worth giving back while nobody needs them. */
static size_t
least_of(const struct stretch *stretch)
{
	const struct source *source = stretch->source;

	return source->ops->least == NULL || source->spec->reserve ||
		stretch->left ?
	    0 :
	    source->ops->least(stretch);
}

/* Takes pages from FROM on away, so many that the lock is not held for long;
 * returns where it stopped. */
static size_t
trim_piece(struct stretch *stretch, size_t from, bool worth)
{
	struct source *source = stretch->source;
	size_t per = source->grain / PAGE_BYTES, pages = stretch->map.pages;
	size_t end = pages;

	lock_take(&source->lock);
	if (!source_refused(source)) {
		from = page_set_find(
			   &stretch->backed, from / per, pages / per, true) *
		    per;
		end = min_size(pages, from + max_size(PIECE_PAGES, per));
		unback_between(
		    stretch, from, end, worth ? least_of(stretch) : 0);
	}
	lock_give(&source->lock);
	return end;
}

/* Gives back all pages that are in no span, or only what is WORTH it. */
static void
trim_stretches(struct source *source, bool worth)
{
	struct stretch *stretch = NULL;

	while ((stretch = next_stretch_of(source, stretch)) != NULL)
		for (size_t page = 0; page < stretch->map.pages;)
			page = trim_piece(stretch, page, worth);
}

/* What else is given back when a span comes back. */
enum trim { TRIM_NOTHING, TRIM_WORTH, TRIM_ALL };

/* Gives back what a span leaves behind; but pieces that are dear wait until they
 * have met others, or for long enough. */
static enum trim
unback_span(struct stretch *stretch, size_t page, size_t end, size_t least)
{
	struct source *source = stretch->source;
	size_t left = unback_between(stretch, page, end, least);

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
 * stayed backed. */
static enum trim
settle_pages(struct stretch *stretch, size_t page, size_t end)
{
	struct source *source = stretch->source;
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
	return unback_span(stretch, page, end, over ? 0 : least_of(stretch));
}

void
source_free(struct source *source, void *addr, size_t bytes)
{
	lock_take(&source->lock);
	struct stretch *stretch = stretch_of(source, addr);
	invariant(stretch != NULL);
	size_t page = (size_t)((char *)addr - stretch->base) / PAGE_BYTES;
	size_t count = bytes / PAGE_BYTES;

	invariant(page_set_find(&stretch->map.used, page, page + count,
		      false) == page + count);
	set_used(stretch, page, page + count, false);
	source_unmark(marks_of(stretch), addr, bytes);
	source->spans -= bytes;
	enum trim trim = settle_pages(stretch, page, page + count);
	lock_give(&source->lock);
	if (trim == TRIM_ALL)
		source_trim(source);
	else if (trim == TRIM_WORTH)
		trim_stretches(source, true);
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
	trim_stretches(source, false);
}

void
source_set_limit(struct source *source, size_t limit)
{
	atomic_store(&source->account->limit, limit);
	atomic_fetch_add(&source->account->freed, 1);
}

/* The first run of backed memory at page FROM of the stretch or behind it, not
 * too long; false if there is none. */
static bool
next_backed(const struct stretch *stretch, size_t *from, size_t *end)
{
	struct source *source = stretch->source;
	size_t per = source->grain / PAGE_BYTES, pages = stretch->map.pages;
	const struct page_set *backed = &stretch->backed;
	bool found = false;

	lock_take(&source->lock);
	if (!source_refused(source)) {
		size_t grain = page_set_find(
		    backed, *from / per, pages / per, true);

		found = grain < pages / per;
		*from = max_size(*from, grain * per);
		*end = min_size(*from + PIECE_PAGES,
		    page_set_find(backed, grain, pages / per, false) * per);
	}
	lock_give(&source->lock);
	return found;
}

/* Calls VISIT for each run of backed memory, without the lock: its addresses
 * stay, whatever becomes of the pages. */
static void
for_backed(struct source *source,
    void (*visit)(void *to, char *from, size_t bytes), void *to)
{
	struct stretch *s = NULL;

	while ((s = next_stretch_of(source, s)) != NULL)
		for (size_t from = 0, end; next_backed(s, &from, &end);
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

	for_backed(source, add_on_nodes, &on);
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
		for_backed(source, add_resident, &stats->resident);
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
	struct stretch *stretch;
	unsigned begin;
	void *owner;

	do {
		begin = address_map_begin();
		stretch = address_map_find(addr);
		owner = stretch == NULL ? NULL : stretch->owner;
	} while (unlikely(!address_map_holds(begin)));
	return owner;
}

READS_STALE uintptr_t
source_begin_of(const void *addr)
{
	struct stretch *stretch;
	uintptr_t base;
	unsigned begin;

	do {
		begin = address_map_begin();
		stretch = address_map_find(addr);
		base = stretch == NULL ? 0 : (uintptr_t)stretch->base;
	} while (unlikely(!address_map_holds(begin)));
	return base;
}

READS_STALE struct source_marks
source_marks_of(const void *addr)
{
	struct stretch *stretch = address_map_find(addr);

	return stretch == NULL ? (struct source_marks){ 0 } : marks_of(stretch);
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
