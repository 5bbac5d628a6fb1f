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

/* Counts BYTES more as backed, if the limit permits. */
static bool
account_take(struct account *account, size_t bytes)
{
	size_t limit = atomic_load(&account->limit);
	size_t committed = atomic_load(&account->committed);
	size_t peak = atomic_load(&account->peak);

	do
		if (limit != 0 && (bytes > limit || committed > limit - bytes))
			return false;
	while (!atomic_compare_exchange_weak(
	    &account->committed, &committed, committed + bytes));
	while (peak < committed + bytes &&
	    !atomic_compare_exchange_weak(
		&account->peak, &peak, committed + bytes))
		;
	return true;
}

void
source_uncount(struct source *source, size_t bytes)
{
	source->committed -= bytes;
	atomic_fetch_sub(&source->account->committed, bytes);
}

int
stretch_back(struct stretch *stretch, size_t from, size_t end)
{
	struct source *source = stretch->source;
	size_t bytes = (end - from) * source->grain;
	int error;

	if (!account_take(source->account, bytes))
		return ENOMEM;
	source->committed += bytes;
	error = source->ops->back(stretch, from * source->grain, bytes);
	if (error != 0) {
		/* What it got before it failed is in nobody's account. And
		 * what is short outside may be there a moment later. */
		source->ops->unback(stretch, from * source->grain, bytes);
		source_uncount(source, bytes);
		atomic_fetch_add(&source->account->freed, 1);
		return error;
	}
	bits_fill(stretch->backed, from, end, true);
	if (!source->ops->reads_zero)
		bits_fill(stretch->dirty, from * source->grain / PAGE_BYTES,
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
	return bits_find(stretch->backed, end, min_size(least, last), true);
}

/* Takes the pages of grains FROM to END - 1 away, if that can be done. */
static void
stretch_unback(struct stretch *stretch, size_t from, size_t end)
{
	struct source *source = stretch->source;
	size_t per_grain = source->grain / PAGE_BYTES;
	size_t bytes = (end - from) * source->grain;

	/* What was reserved stays. */
	if (source->spec->reserve ||
	    source->ops->unback(stretch, from * source->grain, bytes) != 0)
		return;
	bits_fill(stretch->backed, from, end, false);
	bits_fill(stretch->dirty, from * per_grain, end * per_grain, false);
	source_uncount(source, bytes);
}

/* Takes away the pages of every grain between pages FROM and END that holds no
 * page of a span. */
static void
unback_between(struct stretch *stretch, size_t from, size_t end)
{
	size_t per_grain = stretch->source->grain / PAGE_BYTES;
	size_t grain = from / per_grain;
	size_t last = (end + per_grain - 1) / per_grain;

	while ((grain = bits_find(stretch->backed, grain, last, true)) < last) {
		size_t used = bits_find(stretch->map.used, grain * per_grain,
		    last * per_grain, true);
		size_t idle = min_size(used / per_grain,
		    bits_find(stretch->backed, grain, last, false));

		if (idle > grain) {
			stretch_unback(stretch, grain, idle);
			grain = idle;
		} else {
			/* On to the first grain behind the span. */
			grain = max_size(grain + 1,
			    bits_find(stretch->map.used, used, last * per_grain,
				false) /
				per_grain);
		}
	}
}

static void
trim_all(struct source *source)
{
	for (struct stretch *s = source->first; s != NULL; s = s->next)
		unback_between(s, 0, s->map.pages);
	source->idle = false;
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

	while ((grain = bits_find(stretch->backed, grain, end, false)) < end) {
		size_t stop = bits_find(stretch->backed, grain, end, true);
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
	size_t first = bits_find(stretch->dirty, from, end, true);

	while (end > first && !bits_test(stretch->dirty, end - 1))
		end--;
	return (struct dirt){ stretch->base + first * PAGE_BYTES,
		(end - first) * PAGE_BYTES };
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
	page_map_set(&stretch->map, page, count, true);
	if (back_span(stretch, page, count) != 0) {
		page_map_set(&stretch->map, page, count, false);
		found.no_backing = true;
		return found;
	}
	found.addr = stretch->base + page * PAGE_BYTES;
	found.dirt = find_dirt(stretch, page, count);
	bits_fill(stretch->dirty, page, page + count, true);
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

	invariant(is_aligned(bytes, PAGE_BYTES) && bytes != 0);
	if (atomic_load(&source->refused))
		return NULL;
	lock_take(&source->lock);
	found = span_alloc(source, at, bytes, alignment);
	lock_give(&source->lock);
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

static void
trim_idle(struct source *source, uint64_t now)
{
	if (now - source->idle_since >= source->idle_most)
		trim_all(source);
}

/* Leaves pages backed that are likely to be wanted again, for a while. */
static void
keep_idle(struct source *source)
{
	uint64_t now = os_now_ms();

	if (!source->idle)
		source->idle_since = now;
	source->idle = true;
	trim_idle(source, now);
}

void
source_free(struct source *source, void *addr, size_t bytes)
{
	lock_take(&source->lock);
	struct stretch *stretch = stretch_of(source, addr);
	invariant(stretch != NULL);
	size_t page = (size_t)((char *)addr - stretch->base) / PAGE_BYTES;
	size_t count = bytes / PAGE_BYTES;

	invariant(bits_find(stretch->map.used, page, page + count, false) ==
	    page + count);
	page_map_set(&stretch->map, page, count, false);
	memset(stretch->marks + page, 0, count);
	source->spans -= bytes;
	if (atomic_load(&source->held) != 0) {
		source->idle = true;
	} else if (!atomic_load(&source->refused)) {
		if (source->idle_most != 0 && !source_is_over_limit(source))
			keep_idle(source);
		else if (source->idle)
			trim_all(source);
		else
			unback_between(stretch, page, page + count);
	}
	atomic_fetch_add(&source->account->freed, 1);
	lock_give(&source->lock);
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
	bool idle;

	lock_take(&source->lock);
	if (source->idle_most != 0 && source->idle &&
	    atomic_load(&source->held) == 0 && !atomic_load(&source->refused))
		trim_idle(source, os_now_ms());
	idle = source->idle_most != 0 && source->idle;
	lock_give(&source->lock);
	return idle;
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
	if (!atomic_load(&source->refused))
		trim_all(source);
	lock_give(&source->lock);
}

void
source_set_limit(struct source *source, size_t limit)
{
	atomic_store(&source->account->limit, limit);
	atomic_fetch_add(&source->account->freed, 1);
}

/* Calls VISIT for each run of backed memory. */
static void
for_backed(struct source *source,
    void (*visit)(void *to, char *from, size_t bytes), void *to)
{
	for (struct stretch *s = source->first; s != NULL; s = s->next) {
		size_t grains = s->bytes / source->grain, end = 0;

		for (;;) {
			size_t from = bits_find(s->backed, end, grains, true);

			end = bits_find(s->backed, from, grains, false);
			if (from == grains)
				break;
			visit(to, s->base + from * source->grain,
			    (end - from) * source->grain);
		}
	}
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

	lock_take(&source->lock);
	if (!atomic_load(&source->refused))
		for_backed(source, add_on_nodes, &on);
	lock_give(&source->lock);
}

void
source_stats(
    struct source *source, struct source_stats *stats, bool want_resident)
{
	lock_take(&source->lock);
	*stats = (struct source_stats){
		.size = source->spec->size == 0 || source->spec->grow ?
		    0 :
		    source->size,
		.limit = atomic_load(&source->account->limit),
		.committed = source->committed,
		.peak = atomic_load(&source->account->peak),
		.spans = source->spans,
	};
	if (want_resident && !atomic_load(&source->refused))
		for_backed(source, add_resident, &stats->resident);
	lock_give(&source->lock);
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

/* Adds up one stretch; 0, or -1 with the sentence. */
static int
stretch_check(struct stretch *stretch, size_t *spans, size_t *committed)
{
	struct source *source = stretch->source;
	size_t pages = stretch->map.pages, per = source->grain / PAGE_BYTES;
	size_t head = stretch->head / PAGE_BYTES, page = head;

	if (!page_map_is_sound(&stretch->map))
		return error_set(EIO,
		    "the free pages of the stretch at %p do "
		    "not add up",
		    (void *)stretch->base);
	if (address_map_find(stretch->base) != stretch ||
	    address_map_find(stretch->base + stretch->bytes - 1) != stretch)
		return error_set(EIO,
		    "the stretch at %p of %zu bytes is held "
		    "by another kind too",
		    (void *)stretch->base, stretch->bytes);
	if (!os_is_mapped(stretch->base, stretch->bytes))
		return error_set(EIO,
		    "of the %zu bytes at %p not all are mapped any more",
		    stretch->bytes, (void *)stretch->base);
	while (
	    (page = bits_find(stretch->map.used, page, pages, true)) < pages) {
		size_t end = bits_find(stretch->map.used, page, pages, false);

		if (bits_find(stretch->backed, page / per,
			(end + per - 1) / per, false) < (end + per - 1) / per)
			return error_set(EIO, "a span at %p is not backed",
			    (void *)(stretch->base + page * PAGE_BYTES));
		page = end;
	}
	*spans += bits_count(stretch->map.used, head, pages) * PAGE_BYTES;
	*committed += bits_count(stretch->backed, 0, pages / per) *
	    source->grain;
	return 0;
}

int
source_check(struct source *source)
{
	size_t spans = 0, committed = 0;
	int result = 0;

	lock_take(&source->lock);
	for (struct stretch *s = source->first; s != NULL && result == 0;
	     s = s->next)
		result = stretch_check(s, &spans, &committed);
	if (result == 0 && spans != source->spans)
		result = error_set(EIO,
		    "%zu bytes are marked as handed out, "
		    "%zu were",
		    spans, source->spans);
	if (result == 0 && committed != source->committed)
		result = error_set(EIO,
		    "%zu bytes are marked as committed, "
		    "%zu were",
		    committed, source->committed);
	lock_give(&source->lock);
	return result;
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

	if (stretch == NULL)
		return (struct source_marks){ 0 };
	return (struct source_marks){ (uintptr_t)stretch->base, stretch->bytes,
		stretch->marks };
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

bool
source_refused(const struct source *source)
{
	return atomic_load(&source->refused);
}
