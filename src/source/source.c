/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * source.c - where the pages of a kind come from. See source.h.
 *
 * Owns the list of all sources, their locks and their accounts. A span is
 * found in a page map, then its pages are backed, and only then is it handed
 * out; in reverse when it comes back. What a page is made of is in anon.c,
 * file.c and region.c, what fork does to it in fork.c.
 */
#include "source/source.h"

#include <errno.h>

#include "base/annotate.h"
#include "base/bits.h"
#include "base/error.h"
#include "os/records.h"
#include "source/address_map.h"
#include "source/stretch.h"

/* A source without a size begins with this many addresses, and doubles them
 * with each stretch up to the second number. */
#define STRETCH_FIRST (64 * MIB)
#define STRETCH_LEAST (2 * MIB)
#define STRETCH_MOST (64 * GIB)

/* A span takes at least, and at most, this much space ahead. */
#define AHEAD_LEAST (64 * KIB)
#define AHEAD_MOST (2 * MIB)
/* How long pages in no span stay backed in a source that keeps them. */
#define IDLE_MS 10000
/* So many spans do without after that failed: trying is dear where little is
 * left. */
#define NOT_AHEAD 256

pthread_mutex_t sources_lock = PTHREAD_MUTEX_INITIALIZER;
struct source *sources;

/* ---- Stretches ---------------------------------------------------------- */

static int
bits_open(struct source *source, struct stretch *stretch)
{
	size_t grains = stretch->bytes / source->grain;
	size_t backed = align_up(grains, 64) / 8;
	size_t dirty = align_up(stretch->map.pages, 64) / 8;
	void *memory;
	int error;

	stretch->bits_bytes = align_up(backed + dirty, PAGE_BYTES);
	error = os_map(stretch->bits_bytes, &memory);
	if (error != 0)
		return error;
	stretch->backed = memory;
	stretch->dirty = (uint64_t *)(void *)((char *)memory + backed);
	return 0;
}

/* Undoes stretch_new(); the stretch must be out of the source's list. */
static void
stretch_delete(struct stretch *stretch)
{
	struct source *source = stretch->source;

	address_map_remove(stretch);
	source->ops->close(stretch);
	page_map_close(&stretch->map);
	os_unmap(stretch->backed, stretch->bits_bytes);
	record_free(stretch, sizeof(*stretch));
}

/* A stretch of BYTES, of which HEAD are the handle's, in the address map, in
 * no list yet. AT: where it is, in a region; else NULL. */
static int
stretch_new_headed(struct source *source, char *at, size_t bytes, size_t head,
    struct stretch **result)
{
	struct stretch *stretch = record_new(sizeof(*stretch));
	int error;

	if (stretch == NULL)
		return ENOMEM;
	stretch->base = at;
	stretch->bytes = bytes;
	stretch->head = head;
	stretch->source = source;
	stretch->fd = stretch->copy_fd = -1;
	error = page_map_open(&stretch->map, bytes / PAGE_BYTES);
	if (error != 0)
		goto no_map;
	error = bits_open(source, stretch);
	if (error != 0)
		goto no_bits;
	error = source->ops->open(source, stretch);
	if (error != 0)
		goto no_pages;
	error = address_map_add(stretch);
	if (error != 0)
		goto no_entry;
	if (head != 0)
		page_map_set(&stretch->map, 0, head / PAGE_BYTES, true);
	*result = stretch;
	return 0;

no_entry:
	source->ops->close(stretch);
no_pages:
	os_unmap(stretch->backed, stretch->bits_bytes);
no_bits:
	page_map_close(&stretch->map);
no_map:
	record_free(stretch, sizeof(*stretch));
	return error;
}

static int
stretch_new(struct source *source, size_t bytes, struct stretch **result)
{
	return stretch_new_headed(source, NULL, bytes, 0, result);
}

static void
stretch_append(struct source *source, struct stretch *stretch)
{
	struct stretch **link = &source->first;

	while (*link != NULL)
		link = &(*link)->next;
	*link = stretch;
	source->size += stretch->bytes - stretch->head;
}

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

/* A stretch of WANT bytes, or of fewer, down to LEAST, where so many addresses
 * cannot be had. */
static int
stretch_new_within(
    struct source *source, size_t want, size_t least, struct stretch **stretch)
{
	int error;

	want = align_up(max_size(want, least), source->grain);
	while ((error = stretch_new(source, want, stretch)) == ENOMEM &&
	    want > least)
		want = max_size(align_up(want / 2, source->grain), least);
	return error;
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
	pthread_mutex_lock(&sources_lock);
	pthread_mutex_lock(&source->lock);
	want = min_size(source->size, STRETCH_MOST);
	pthread_mutex_unlock(&source->lock);
	error = stretch_new_within(source, want, least, &stretch);
	pthread_mutex_unlock(&sources_lock);
	if (error == 0)
		return stretch;
	atomic_fetch_add(&source->freed, 1);
	return NULL;
}

/* ---- Backing ------------------------------------------------------------ */

static void
count_backed(struct source *source, size_t bytes)
{
	source->committed += bytes;
	source->peak = max_size(source->peak, source->committed);
}

/* Backs grains FROM to END - 1, none of which is. */
static int
back_run(struct stretch *stretch, size_t from, size_t end)
{
	struct source *source = stretch->source;
	size_t bytes = (end - from) * source->grain;
	size_t limit = atomic_load(&source->limit);
	int error;

	if (limit != 0 && (bytes > limit || source->committed > limit - bytes))
		return ENOMEM;
	error = source->ops->back(stretch, from * source->grain, bytes);
	if (error != 0) {
		/* What it got before it failed is in nobody's account. And
		 * what is short outside may be there a moment later. */
		source->ops->unback(stretch, from * source->grain, bytes);
		atomic_fetch_add(&source->freed, 1);
		return error;
	}
	bits_fill(stretch->backed, from, end, true);
	if (!source->ops->reads_zero)
		bits_fill(stretch->dirty, from * source->grain / PAGE_BYTES,
		    end * source->grain / PAGE_BYTES, true);
	count_backed(source, bytes);
	return 0;
}

/* Where a run of unbacked grains from FROM on, needed up to END, had better
 * end, since a step at a time costs a system call each. */
static size_t
ahead_of(const struct stretch *stretch, size_t from, size_t end)
{
	const struct source *source = stretch->source;
	size_t ahead = min_size(
	    max_size(source->committed / 8, AHEAD_LEAST), AHEAD_MOST);
	size_t least = from + ahead / source->grain;
	size_t last = stretch->bytes / source->grain;

	if (!source->ops->ahead || least <= end)
		return end;
	return bits_find(stretch->backed, end, min_size(least, last), true);
}

/* Takes the pages of grains FROM to END - 1 away, if that can be done. */
static void
unback_run(struct stretch *stretch, size_t from, size_t end)
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
	source->committed -= bytes;
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
			unback_run(stretch, grain, idle);
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
			if (back_run(stretch, grain, ahead) == 0)
				return 0;
			source->not_ahead = NOT_AHEAD;
		}
		int error = back_run(stretch, grain, stop);
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
	pthread_mutex_lock(&source->lock);
	found = span_alloc(source, at, bytes, alignment);
	pthread_mutex_unlock(&source->lock);
	if (found.addr == NULL && at == NULL && !found.no_backing) {
		stretch = source_grow(source, bytes, alignment);
		if (stretch == NULL)
			return NULL;
		pthread_mutex_lock(&source->lock);
		stretch_append(source, stretch);
		found = span_alloc(source, NULL, bytes, alignment);
		pthread_mutex_unlock(&source->lock);
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

/* Leaves pages backed that are likely to be wanted again, for a while. */
static void
keep_idle(struct source *source)
{
	uint64_t now = os_now_ms();

	if (!source->idle)
		source->idle_since = now;
	source->idle = true;
	if (now - source->idle_since >= IDLE_MS)
		trim_all(source);
}

void
source_free(struct source *source, void *addr, size_t bytes)
{
	pthread_mutex_lock(&source->lock);
	struct stretch *stretch = stretch_of(source, addr);
	invariant(stretch != NULL);
	size_t page = (size_t)((char *)addr - stretch->base) / PAGE_BYTES;
	size_t count = bytes / PAGE_BYTES;

	invariant(bits_find(stretch->map.used, page, page + count, false) ==
	    page + count);
	page_map_set(&stretch->map, page, count, false);
	source->spans -= bytes;
	if (atomic_load(&source->held) != 0) {
		source->idle = true;
	} else if (!atomic_load(&source->refused)) {
		if (source->lazy && !source_is_over_limit(source))
			keep_idle(source);
		else if (source->idle)
			trim_all(source);
		else
			unback_between(stretch, page, page + count);
	}
	atomic_fetch_add(&source->freed, 1);
	pthread_mutex_unlock(&source->lock);
}

void
source_keep_idle(struct source *source)
{
	pthread_mutex_lock(&source->lock);
	source->lazy = true;
	pthread_mutex_unlock(&source->lock);
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

/* ---- Life of a source --------------------------------------------------- */

static const struct stretch_ops *
ops_of(enum spec_source source)
{
	switch (source) {
	case SPEC_FILE:
		return &file_ops;
	case SPEC_REGION:
		return &region_ops;
	case SPEC_DEVICE:
		return &device_ops;
	case SPEC_DRAM:
	case SPEC_NODES:
		break;
	}
	return &anon_ops;
}

static size_t
grain_of(enum spec_page page)
{
	switch (page) {
	case SPEC_PAGE_THP:
	case SPEC_PAGE_2M:
		return 2 * MIB;
	case SPEC_PAGE_1G:
		return GIB;
	case SPEC_PAGE_BASE:
		break;
	}
	return PAGE_BYTES;
}

/* The lowest stretch of any source that has addresses from BASE to END - 1;
 * NULL if there is none. Under the list's lock, under which alone stretches
 * come and go. */
static const struct stretch *
lowest_between(const char *base, const char *end)
{
	const struct stretch *lowest = NULL;

	for (struct source *s = sources; s != NULL; s = s->next) {
		pthread_mutex_lock(&s->lock);
		for (struct stretch *other = s->first; other != NULL;
		     other = other->next)
			if (base < other->base + other->bytes &&
			    other->base < end &&
			    (lowest == NULL || other->base < lowest->base))
				lowest = other;
		pthread_mutex_unlock(&s->lock);
	}
	return lowest;
}

static void
source_link(struct source *source)
{
	source->next = sources;
	source->link = &sources;
	if (sources != NULL)
		sources->link = &source->next;
	sources = source;
}

static void
source_unlink(struct source *source)
{
	*source->link = source->next;
	if (source->next != NULL)
		source->next->link = source->link;
}

static void
source_discard(struct source *source)
{
	while (source->first != NULL) {
		struct stretch *stretch = source->first;

		source->first = stretch->next;
		stretch_delete(stretch);
	}
	pthread_mutex_destroy(&source->lock);
	record_free(source->spec, spec_bytes(source->spec));
	record_free(source, sizeof(*source));
}

/* The first stretch of a source that grows. */
static int
open_first(struct source *source)
{
	struct stretch *stretch;
	int error = stretch_new_within(source, STRETCH_FIRST,
	    max_size(source->grain, STRETCH_LEAST), &stretch);

	if (error == 0)
		stretch_append(source, stretch);
	return error;
}

/* A stretch for each run of the region that no source holds, whose first page
 * is the handle where it is not another's. Without overlaps: one stretch. */
static int
open_region(struct source *source, char *region)
{
	char *at = region, *end = region + source->spec->size;
	size_t head = source->spec->handle ? PAGE_BYTES : 0;
	struct stretch *stretch;
	int error = 0;

	while (at < end && error == 0) {
		const struct stretch *other = lowest_between(at, end);
		char *stop = other == NULL ? end : other->base;

		if (other != NULL && !source->spec->overlap)
			return EEXIST;
		if (at < stop) {
			error = stretch_new_headed(source, at,
			    (size_t)(stop - at), at == region ? head : 0,
			    &stretch);
			if (error == 0)
				stretch_append(source, stretch);
		}
		at = other == NULL ? end : other->base + other->bytes;
	}
	return error;
}

/* All stretches of a source of fixed size, and the whole space if it is to be
 * reserved. */
static int
open_all(struct source *source)
{
	size_t left = align_up(source->spec->size, source->grain);
	size_t head = source->spec->handle ? PAGE_BYTES : 0, bytes;
	struct stretch *stretch;
	int error = 0;

	for (; left != 0 && error == 0; left -= bytes, head = 0) {
		bytes = min_size(left, SOURCE_STRETCH_MAX);
		error = stretch_new_headed(
		    source, NULL, bytes + head, head, &stretch);
		if (error != 0)
			return error;
		stretch_append(source, stretch);
		if (source->spec->reserve)
			error = back_run(stretch, head / source->grain,
			    stretch->bytes / source->grain);
	}
	return error;
}

/* Under the list's lock. */
static int
open_stretches(struct source *source, char *region)
{
	if (source->spec->size > SIZE_MAX - source->grain)
		return EFBIG;
	if (source->spec->size == 0)
		return open_first(source);
	return region != NULL ? open_region(source, region) : open_all(source);
}

/* The sentence for what open_stretches() ran into. */
static void
explain(int error, const struct spec *spec)
{
	static const char *const page_of[] = { "4K", "thp", "2M", "1G" };
	char text[SPEC_TEXT_MAX];

	spec_print(spec, text, sizeof(text));
	if (spec->source == SPEC_FILE && spec->size == 0)
		error_set_system(error,
		    "cannot make a file in directory "
		    "\"%.140s\"",
		    spec->path);
	else if (spec->source == SPEC_FILE)
		error_set_system(error,
		    "cannot make a file of %zu bytes in "
		    "directory \"%.120s\"",
		    spec->size, spec->path);
	else if (spec->source == SPEC_DEVICE)
		error_set_system(
		    error, "cannot use the device \"%.150s\"", spec->path);
	else if (error == EEXIST)
		error_set(EEXIST,
		    "the region overlaps memory that another "
		    "kind holds already");
	else if (error == EINVAL && spec->source == SPEC_NODES)
		error_set(ENODEV,
		    "\"%.120s\": not all of these nodes exist "
		    "and are allowed to this process",
		    text);
	else if (error == ENODEV)
		error_set(ENODEV, "this machine has no pages of %s",
		    page_of[spec->page]);
	else
		error_set_system(
		    error, "cannot have %zu bytes of addresses", spec->size);
}

struct source *
source_open(const struct spec *spec, void *region, void *owner)
{
	struct source *source = record_new(sizeof(*source));
	struct spec *copy = record_new(spec_bytes(spec));
	int error;

	if (source == NULL || copy == NULL) {
		record_free(source, sizeof(*source));
		record_free(copy, spec_bytes(spec));
		error_set(ENOMEM, "no memory for the records of a kind");
		return NULL;
	}
	__builtin_memcpy(copy, spec, spec_bytes(spec));
	source->spec = copy;
	source->ops = ops_of(spec->source);
	source->owner = owner;
	source->grain = grain_of(spec->page);
	source->limit = spec->limit;
	pthread_mutex_init(&source->lock, NULL);

	pthread_mutex_lock(&sources_lock);
	error = open_stretches(source, region);
	if (error == 0)
		source_link(source);
	else
		source_discard(source);
	pthread_mutex_unlock(&sources_lock);
	if (error != 0) {
		explain(error, spec);
		return NULL;
	}
	return source;
}

void
source_close(struct source *source)
{
	pthread_mutex_lock(&sources_lock);
	source_unlink(source);
	source_discard(source);
	pthread_mutex_unlock(&sources_lock);
}

void
source_trim(struct source *source)
{
	pthread_mutex_lock(&source->lock);
	if (!atomic_load(&source->refused))
		trim_all(source);
	pthread_mutex_unlock(&source->lock);
}

/* ---- Answers ------------------------------------------------------------ */

void
source_set_limit(struct source *source, size_t limit)
{
	atomic_store(&source->limit, limit);
	atomic_fetch_add(&source->freed, 1);
}

static size_t
resident_of(struct source *source)
{
	size_t total = 0;

	for (struct stretch *s = source->first; s != NULL; s = s->next) {
		size_t grains = s->bytes / source->grain, end = 0, resident;

		for (;;) {
			size_t from = bits_find(s->backed, end, grains, true);

			end = bits_find(s->backed, from, grains, false);
			if (from == grains)
				break;
			if (os_resident(s->base + from * source->grain,
				(end - from) * source->grain, &resident) == 0)
				total += resident;
		}
	}
	return total;
}

void
source_stats(
    struct source *source, struct source_stats *stats, bool want_resident)
{
	pthread_mutex_lock(&source->lock);
	*stats = (struct source_stats){
		.size = source->spec->size == 0 || source->spec->grow ?
		    0 :
		    source->size,
		.limit = atomic_load(&source->limit),
		.committed = source->committed,
		.peak = source->peak,
		.spans = source->spans,
	};
	if (want_resident && !atomic_load(&source->refused))
		stats->resident = resident_of(source);
	pthread_mutex_unlock(&source->lock);
}

bool
source_is_over_limit(const struct source *source)
{
	size_t limit = atomic_load(&source->limit);

	return limit != 0 && atomic_load(&source->committed) > limit;
}

uint64_t
source_freed(const struct source *source)
{
	return atomic_load(&source->freed);
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

	pthread_mutex_lock(&source->lock);
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
	pthread_mutex_unlock(&source->lock);
	return result;
}

READS_STALE void *
source_owner_of(const void *addr)
{
	struct stretch *stretch = address_map_find(addr);

	return stretch == NULL ? NULL : stretch->source->owner;
}

void *
source_base(const struct source *source)
{
	return source->first == NULL ? NULL : source->first->base;
}

size_t
source_base_bytes(const struct source *source)
{
	return source->first == NULL ? 0 : source->first->bytes;
}

bool
source_refused(const struct source *source)
{
	return atomic_load(&source->refused);
}
