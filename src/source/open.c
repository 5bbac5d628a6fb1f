/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * open.c - the life of a source and of its segments. See source.h.
 *
 * Owns the list of all sources. Called by source.c, arena/, kind/ and the shim.
 * Opening fails with a sentence, and leaves nothing behind.
 *
 * Segments are made and deleted under sources_lock alone, which comes before
 * every source's. It is held over slow work, such as taking the space of a
 * whole pool, so kinds open one after the other; threads that allocate from
 * open kinds need only a source's own lock, and go on. In return the address
 * map has one writer, a region can be compared with all other segments, and a
 * fork finds no segment half made.
 *
 * A segment is made in this order, and undone in the reverse: a record, its
 * page map, its sets, its addresses and what is behind them (ops->open), its
 * entry in the address map. Entered last, it is found by readers without a lock
 * only when it is whole.
 */
#include <errno.h>

#include "base/error.h"
#include "base/list.h"
#include "os/records.h"
#include "source/address_map.h"
#include "source/memory.h"
#include "source/segment.h"

/* How long free pages stay committed in the successor of a source that had its
 * space reserved. */
#define SUCCESSOR_IDLE_MS 10000

/* A source without a size begins with this many addresses. */
#define SEGMENT_FIRST (64 * MIB)

struct lock sources_lock = LOCK_INIT;
struct source *sources;

/* ---- Segments ---------------------------------------------------------- */

/* Sets up which granules are committed, which pages are dirty, which granules
 * are bound (where any can be), and the marks, in one mapping: a segment has
 * two of the engine's own, this and its page map. All of them begin as zero,
 * which is what fresh memory is, so only what is used gets pages. */
static int
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
	    committed + dirty + (binds ? committed : 0) + marks_bytes(pages),
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
	segment->marks = (unsigned char *)at;
	return 0;
}

/*
 * Free records of segments, under the list's lock. Readers of the address map
 * may still look at them, so they never become records of another type: what a
 * reader follows as a link is a link (address_map.h). For the same reason a
 * record that is used again is cleared behind the readers' fields alone; those
 * are written one by one. Free ones hang together by NEXT, which no reader
 * looks at.
 */
static struct segment *free_segments;

static struct segment *
segment_record(void)
{
	struct segment *segment;

	if (free_segments == NULL)
		return record_new(sizeof(*segment));
	STACK_POP(&free_segments, segment);
	__builtin_memset(&segment->head, 0,
	    sizeof(*segment) - offsetof(struct segment, head));
	return segment;
}

static void
segment_record_free(struct segment *segment)
{
	STACK_PUSH(&free_segments, segment);
}

/* Undoes segment_new(); the segment must be out of the source's list. It leaves
 * the address map before its addresses go: they may be somebody else's at the
 * next moment. */
static void
segment_delete(struct segment *segment)
{
	struct source *source = segment->source;

	address_map_remove(segment);
	source->ops->close(segment);
	page_map_close(&segment->map);
	os_unmap(segment->sets, segment->sets_bytes);
	segment_record_free(segment);
}

/*
 * A segment of BYTES, of which HEAD are the handle's, in the address map, in no
 * list yet. AT: where it is, in a region; else NULL. Returns 0 or the error
 * number, and then leaves nothing behind.
 *
 * The handle's pages are entered as used for ever, without being committed or
 * counted: so no span contains them, and source->spans knows nothing of them.
 */
static int
segment_new_headed(struct source *source, char *at, size_t bytes, size_t head,
    struct segment **result)
{
	struct segment *segment = segment_record();
	int error;

	if (segment == NULL)
		return ENOMEM;
	segment->base = at;
	segment->bytes = bytes;
	segment->owner = source->owner;
	segment->head = head;
	segment->source = source;
	segment->fd = segment->copy_fd = -1;
	error = page_map_open(&segment->map, bytes / PAGE_BYTES);
	if (error != 0)
		goto no_map;
	error = sets_open(source, segment);
	if (error != 0)
		goto no_sets;
	error = source->ops->open(source, segment);
	if (error != 0)
		goto no_pages;
	error = address_map_add(segment);
	if (error != 0)
		goto no_entry;
	if (head != 0)
		page_map_set(&segment->map, 0, head / PAGE_BYTES, true);
	*result = segment;
	return 0;

no_entry:
	source->ops->close(segment);
no_pages:
	os_unmap(segment->sets, segment->sets_bytes);
no_sets:
	page_map_close(&segment->map);
no_map:
	segment_record_free(segment);
	return error;
}

static int
segment_new(struct source *source, size_t bytes, struct segment **result)
{
	return segment_new_headed(source, NULL, bytes, 0, result);
}

/* Puts the segment at the end of the source's list, under the source's lock, or
 * while nobody else knows the source. At the end, since searches begin with the
 * oldest: it keeps the older ones full and lets the newest become empty. */
void
segment_append(struct source *source, struct segment *segment)
{
	struct segment **link = &source->first;

	while (*link != NULL) {
		segment->order++;
		link = &(*link)->next;
	}
	*link = segment;
	source->size += segment->bytes - segment->head;
}

/* Whether it is worth asking for fewer addresses: ENOMEM may come of RLIMIT_AS;
 * EAGAIN is what a process gets that locks all of its memory and may not lock
 * so much; EFBIG comes of RLIMIT_FSIZE, or of the longest file that the file
 * system can have. */
static bool
is_too_many(int error)
{
	return error == ENOMEM || error == EAGAIN || error == EFBIG;
}

/* See segment.h. Halves WANT until it can be had. All is a multiple of
 * SEGMENT_MIN, 2 MiB, at which a file can go on where the segment ends
 * (file.c). */
int
segment_new_within(
    struct source *source, size_t want, size_t least, struct segment **segment)
{
	size_t step = max_size(source->granule, SEGMENT_MIN);
	int error;

	want = align_up(max_size(want, least), step);
	while (is_too_many(error = segment_new(source, want, segment)) &&
	    want > least)
		want = max_size(align_up(want / 2, step), least);
	return error;
}

/* ---- Life of a source --------------------------------------------------- */

/* What sources are made of; those without a row, of anonymous memory. */
static const struct segment_ops *const source_ops[SPEC_SOURCE_COUNT] = {
	[SPEC_FILE] = &file_ops,
	[SPEC_DAX] = &device_ops,
	[SPEC_REGION] = &region_ops,
};

static const struct segment_ops *
ops_of(const struct spec *spec)
{
	const struct segment_ops *ops = source_ops[spec->source];

	if (ops != NULL)
		return ops;
	return spec_binds(spec) ? &bound_ops : &anon_ops;
}

/* Files decide by the file system that they are in. */
static size_t
granule_of(const struct spec *spec)
{
	if (spec->source == SPEC_FILE)
		return os_file_granule(spec->path);
	switch (spec->page) {
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

/* The lowest segment of any source that has addresses from BASE to END - 1;
 * NULL if there is none. Under the list's lock, under which alone segments come
 * and go; the source's own is taken since segment_append() may be at work. */
static const struct segment *
lowest_between(const char *base, const char *end)
{
	const struct segment *lowest = NULL;

	for (struct source *s = sources; s != NULL; s = s->next) {
		lock_take(&s->lock);
		for (struct segment *other = s->first; other != NULL;
		     other = other->next)
			if (base < other->base + other->bytes &&
			    other->base < end &&
			    (lowest == NULL || other->base < lowest->base))
				lowest = other;
		lock_give(&s->lock);
	}
	return lowest;
}

static void
source_link(struct source *source)
{
	LIST_PUSH(&sources, source);
}

static void
source_unlink(struct source *source)
{
	LIST_REMOVE(source);
}

/* Ends a source that is in no list (any more). Under the list's lock. */
static void
source_discard(struct source *source)
{
	while (source->first != NULL) {
		struct segment *segment = source->first;

		source->first = segment->next;
		segment_delete(segment);
	}
	record_free(source->spec, spec_bytes(source->spec));
	record_free(source, sizeof(*source));
}

/* The first segment of a source without a size. Made at once, though nothing
 * was asked for yet, so that a directory or nodes that cannot be used are an
 * error of opening, where they can be explained, and not a NULL later. */
static int
open_first(struct source *source)
{
	struct segment *segment;
	int error = segment_new_within(source, SEGMENT_FIRST,
	    max_size(source->granule, SEGMENT_MIN), &segment);

	if (error == 0)
		segment_append(source, segment);
	return error;
}

/*
 * A segment for each run of addresses of the region that no source holds, going
 * from one segment of others to the next. With "overlap" there may be several
 * of them, or none; without, there is one, or EEXIST. The region's first page
 * is the handle's, if it is this source's.
 */
static int
open_region(struct source *source, char *region)
{
	char *at = region, *end = region + source->spec->size;
	size_t head = source->spec->handle ? PAGE_BYTES : 0;
	struct segment *segment;
	int error = 0;

	while (at < end && error == 0) {
		const struct segment *other = lowest_between(at, end);
		char *stop = other == NULL ? end : other->base;

		if (other != NULL && !source->spec->overlap)
			return EEXIST;
		if (at < stop) {
			error = segment_new_headed(source, at,
			    (size_t)(stop - at), at == region ? head : 0,
			    &segment);
			if (error == 0)
				segment_append(source, segment);
		}
		at = other == NULL ? end : other->base + other->bytes;
	}
	return error;
}

/* All segments of a source of fixed size, none longer than the address map and
 * the page map can have; and the whole space, where reserve= asks for it. The
 * handle's granule comes on top of the size. On failure the segments made by
 * then are in the source's list, for the caller to discard. */
static int
open_all(struct source *source)
{
	size_t left = align_up(source->spec->size, source->granule);
	size_t head = source->spec->handle ? source->granule : 0, bytes;
	struct segment *segment;
	int error = 0;

	for (; left != 0 && error == 0; left -= bytes, head = 0) {
		bytes = min_size(left, SOURCE_SEGMENT_MAX);
		error = segment_new_headed(
		    source, NULL, bytes + head, head, &segment);
		if (error != 0)
			return error;
		segment_append(source, segment);
		if (source->spec->reserve)
			error = segment_commit(segment, head / source->granule,
			    segment->bytes / source->granule);
	}
	return error;
}

/* Under the list's lock. */
static int
open_segments(struct source *source, char *region)
{
	if (source->spec->size > SIZE_MAX - source->granule)
		return EFBIG;
	if (source->spec->size == 0)
		return open_first(source);
	return region != NULL ? open_region(source, region) : open_all(source);
}

/* Unlike in source_open() the source lives on after a failure, so it gets rid
 * of its segments here, and begins again at the next allocation. */
int
source_open_late(struct source *source)
{
	int error = open_all(source);

	while (error != 0 && source->first != NULL) {
		struct segment *segment = source->first;

		source->first = segment->next;
		source->size -= segment->bytes - segment->head;
		segment_delete(segment);
	}
	return error;
}

static void
explain_device(int error, const char *path)
{
	unsigned process;

	if (error == EBUSY && os_lock_holder(path, &process) == 0)
		error_set(EBUSY,
		    "the device \"%.150s\" is in use by process %u", path,
		    process);
	else
		error_set_system(
		    error, "cannot use the device \"%.150s\"", path);
}

/* ---- What went wrong ----------------------------------------------------- */

/* What is known of the file system that the directory lies in, by a file made
 * there; NULL where none can be. */
static const struct os_file_system *
file_system_of(const char *directory)
{
	const struct os_file_system *known = NULL;
	int fd;

	if (os_open_unlinked(directory, &fd) == 0) {
		known = os_file_system(fd);
		os_close(fd);
	}
	return known;
}

static const char *
file_system_name(const char *directory)
{
	const struct os_file_system *known = file_system_of(directory);

	return known == NULL ? "a file system" : known->name;
}

/* Whether what the kind reserves is ordinary memory. */
static bool
reserves_memory(const struct spec *spec)
{
	const struct os_file_system *known;

	if (!spec->reserve || spec->source != SPEC_FILE)
		return spec->reserve && spec->page <= SPEC_PAGE_THP;
	known = file_system_of(spec->path);
	return known != NULL && known->is_memory;
}

static void
explain_file(int error, const struct spec *spec)
{
	if (error == EOPNOTSUPP)
		error_set(error,
		    "the directory \"%.80s\" is in %s: writing a block may end "
		    "in SIGBUS there when others filled it; trust=yes takes it",
		    spec->path, file_system_name(spec->path));
	else if (spec->size == 0)
		error_set_system(error,
		    "cannot make a file in directory \"%.140s\"", spec->path);
	else
		error_set_system(error,
		    "cannot make a file of %zu bytes in directory \"%.100s\"%s",
		    spec->size, spec->path,
		    error == EFBIG ? " (RLIMIT_FSIZE, or its file system)" :
				     "");
}

/*
 * Sets the sentence for what open_segments() ran into. What an error number
 * means depends on the spec: EINVAL with nodes comes of mbind(2), EEXIST of
 * open_region(), ENODEV of os_map_huge(). A lack of memory is looked for first,
 * as ENOMEM is also what memory.c answers before it takes anything.
 *
 * Called without a lock: it may make a file, and reads /proc.
 */
static void
explain(int error, const struct spec *spec)
{
	static const char *const page_of[] = { "4K", "thp", "2M", "1G" };
	char text[SPEC_TEXT_MAX];

	spec_print(spec, text, sizeof(text));
	if (error == ENOMEM && reserves_memory(spec) &&
	    memory_explain(text, spec->size))
		return;
	if (spec->source == SPEC_FILE)
		explain_file(error, spec);
	else if (spec->source == SPEC_DAX)
		explain_device(error, spec->path);
	else if (error == EEXIST)
		error_set(EEXIST,
		    "the region overlaps memory that another "
		    "kind holds already");
	else if (error == EINVAL && spec_has_nodes(spec))
		error_set(ENODEV,
		    "\"%.120s\": node %u does not exist, has no memory or "
		    "is not allowed to this process",
		    text, os_missing_node(spec->nodes, SPEC_NODES_MAX));
	else if (error == ENOSYS && spec_has_nodes(spec))
		error_set(ENODEV,
		    "\"%.120s\": this kernel does not have the %s", text,
		    spec->home_given ? "home node of a policy (Linux 5.17)" :
				       "policy");
	else if (os_is_refused(error) && spec_has_nodes(spec))
		error_set(ENODEV,
		    "\"%.120s\": this process may not choose nodes: mbind(2) "
		    "is "
		    "refused",
		    text);
	else if (error == ENODEV)
		error_set(ENODEV, "this machine has no pages of %s",
		    page_of[spec->page]);
	else if (error == ENOMEM && spec->reserve)
		error_set_system(error,
		    "\"%.120s\": reserve=yes takes %zu bytes in pages of %s",
		    text, spec->size, page_of[spec->page]);
	else
		error_set_system(
		    error, "cannot have %zu bytes of addresses", spec->size);
}

/* The record of a source without segments, in no list; NULL without memory. The
 * spec is copied, since the caller's lies on its stack. ACCOUNT: that of the
 * source beside which it is opened; NULL: one of its own, with the spec's
 * limit. */
static struct source *
source_new(const struct spec *spec, void *owner, struct account *account)
{
	struct source *source = record_new(sizeof(*source));
	struct spec *copy = record_new(spec_bytes(spec));

	if (source == NULL || copy == NULL) {
		record_free(source, sizeof(*source));
		record_free(copy, spec_bytes(spec));
		return NULL;
	}
	__builtin_memcpy(copy, spec, spec_bytes(spec));
	source->spec = copy;
	source->ops = ops_of(spec);
	source->owner = owner;
	source->granule = granule_of(spec);
	source->account = account == NULL ? &source->own : account;
	if (account == NULL)
		source->account->limit = spec->limit;
	return source;
}

/*
 * See source.h. It makes no file yet, and so cannot fail for anything but
 * memory; source_begin() or source_grow() does at the first allocation. It has
 * an account of its own even where the sources of the kind shared one: what the
 * parent had committed is the parent's.
 *
 * The spec is that of the old one with two differences: the space is not
 * reserved, which would double what parent and child hold together, but free
 * pages stay committed for a while; and there is no handle, which is the old
 * one's.
 */
struct source *
source_succeed(struct source *inherited)
{
	struct source *source = source_new(
	    inherited->spec, inherited->owner, NULL);

	if (source == NULL)
		return NULL;
	source->idle_most = inherited->spec->reserve ? SUCCESSOR_IDLE_MS :
						       inherited->idle_most;
	source->spec->reserve = false;
	source->spec->handle = false;
	source->account->limit = atomic_load(&inherited->account->limit);
	source->refused = inherited->spec->source != SPEC_FILE;
	lock_take(&sources_lock);
	source_link(source);
	lock_give(&sources_lock);
	return source;
}

/*
 * See source.h. In a child that no handler saw (fork.c), the sources of the
 * parent are settled first: afterwards this process counts as one like any
 * other, and they would be taken for its own. The sentence is found after the
 * lock is given back.
 */
struct source *
source_open(
    const struct spec *spec, void *region, void *owner, struct source *beside)
{
	struct source *source;
	int error;

	if (check_possible(spec, granule_of(spec)) != 0)
		return NULL;
	source = source_new(
	    spec, owner, beside == NULL ? NULL : beside->account);
	if (source == NULL) {
		error_set(ENOMEM, "no memory for the records of a kind");
		return NULL;
	}
	lock_take(&sources_lock);
	forks_settle_unseen();
	error = open_segments(source, region);
	if (error == 0)
		source_link(source);
	else
		source_discard(source);
	lock_give(&sources_lock);
	if (error != 0) {
		explain(error, spec);
		return NULL;
	}
	return source;
}

void
source_close(struct source *source)
{
	lock_take(&sources_lock);
	source_unlink(source);
	source_discard(source);
	lock_give(&sources_lock);
}
