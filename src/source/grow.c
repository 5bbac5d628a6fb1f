/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * grow.c - the segments that a source opens with, and more of them. See grow.h.
 *
 * Owns nothing. Segments go with their source alone, so a pointer to one may be
 * kept while a lock is given back.
 */
#include "source/grow.h"

#include <errno.h>

#include "source/commit.h"
#include "source/registry.h"
#include "source/segment.h"

/* A source without a size doubles its addresses with each segment up to this
 * many. */
#define SEGMENT_MAX (64 * GIB)

/* A source without a size begins with this many addresses. */
#define SEGMENT_FIRST (64 * MIB)

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
		const struct segment *other = registry_lowest(at, end);
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
		bytes = min_size(left, SOURCE_SEGMENT_MAX - head);
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

int
source_open_segments(struct source *source, char *region)
{
	if (source->spec->size > SIZE_MAX - source->granule)
		return EFBIG;
	if (source->spec->size == 0)
		return open_first(source);
	return region != NULL ? open_region(source, region) : open_all(source);
}

/* Unlike in source_open() the source lives on after a failure, so it gets rid
 * of its segments here, and begins again at the next allocation. */
static int
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

bool
source_begin(struct source *source)
{
	int error = 0;

	if (source_is_region(source))
		return false;
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

/* As many addresses as the source has already, up to SEGMENT_MAX, and fewer,
 * down to what is needed, where so many cannot be had. */
struct segment *
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
