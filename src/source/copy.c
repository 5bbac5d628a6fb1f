/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * copy.c - what a child gets of a file that it is to have for itself. See
 * copy.h.
 *
 * A copy is made before the fork, while an error can still be told and the
 * parent's pages can be read, and takes their place in the child. It is of one
 * moment only as long as no other thread writes.
 *
 * Owns nothing: a copy hangs on its segment from the one handler to the other.
 */
#include "source/copy.h"

#include <string.h>

#include "base/bits.h"
#include "source/account.h"
#include "source/file.h"
#include "source/file_space.h"
#include "source/memory.h"

/* Writes one span into the new file. By write(2), which says ENOSPC where a
 * touch would be SIGBUS, and needs no mapping. A hugetlbfs takes no write(2):
 * its files are written where they are mapped, after space was taken for each
 * granule that the span touches, and none before it did: taking space may write
 * to the granule, which has bytes of that one already. TAKEN is where those end
 * that have space. */
static int
write_span(
    struct segment *segment, int fd, size_t offset, size_t bytes, size_t *taken)
{
	size_t granule = segment->source->granule;
	size_t low = max_size(align_down(offset, granule), *taken);
	size_t high = align_up(offset + bytes, granule);
	char *copy = segment->copy;
	int error;

	if (!source_has_huge_pages(segment->source))
		return (segment->file_system->is_memory ? memory_write_file :
							  os_write_file)(
		    fd, segment->base + offset, bytes, (off_t)offset);
	error = high == low ? 0 : os_populate(copy + low, high - low);
	if (error == ENOSYS)
		error = os_take_space(fd, (off_t)low, (off_t)(high - low));
	*taken = high;
	if (error == 0)
		__builtin_memcpy(copy + offset, segment->base + offset, bytes);
	return error;
}

/* Copies what is in spans into the new file, by writing: files that share
 * blocks cost nothing, but then the next write of either needs space that
 * nobody took for it, and raises SIGBUS where the file system is full. */
static int
copy_spans(struct segment *segment, int fd)
{
	size_t pages = segment->map.pages, end = 0, taken = 0;

	for (;;) {
		size_t from = page_set_find(
		    &segment->map.used, end, pages, true);

		if (from == pages)
			return 0;
		end = page_set_find(&segment->map.used, from, pages, false);
		size_t offset = from * PAGE_BYTES;
		int error = write_span(
		    segment, fd, offset, (end - from) * PAGE_BYTES, &taken);

		if (error != 0)
			return error;
	}
}

/*
 * Makes the child's file, with what is in spans, and maps it at addresses of
 * its own until the child moves it; the parent unmaps it after the fork. The
 * file begins at offset 0 for each segment, whatever part of a file the segment
 * had. Its descriptor is kept for the child only if the segment has one now. On
 * failure what was made so far hangs on the segment, for drop_copy().
 */
static int
copy_segment(struct segment *segment)
{
	int fd, error;

	error = os_open_unlinked(segment->source->spec->path, &fd);
	if (error != 0)
		return error;
	error = os_set_length(fd, (off_t)segment->bytes);
	if (error == 0 && segment->source->spec->reserve)
		error = file_take_space(segment, fd, 0, segment->bytes);
	if (error == 0)
		error = os_reserve(segment->bytes,
		    max_size(segment->source->granule, 2 * MIB),
		    &segment->copy);
	if (error == 0)
		error = file_map_copy(segment, segment->copy, fd);
	if (error == 0)
		error = copy_spans(segment, fd);
	if (error == 0 && segment->fd >= 0)
		segment->copy_fd = fd;
	else
		os_close(fd);
	return error;
}

/* Copies what is in spans from one mapping of the segment to another, which is
 * private anonymous memory. It is asked for and taken piece by piece, so that a
 * lack is ENOMEM (memory.h); before Linux 5.14 by the writing itself. */
static int
copy_in_memory(struct segment *segment, char *to, const char *from)
{
	size_t pages = segment->map.pages, end = segment->head / PAGE_BYTES;
	int error = 0;

	while (error == 0) {
		size_t page = page_set_find(
		    &segment->map.used, end, pages, true);
		size_t offset = page * PAGE_BYTES;

		if (page == pages)
			break;
		end = page_set_find(&segment->map.used, page, pages, false);
		error = memory_fill(
		    os_populate, to + offset, end * PAGE_BYTES - offset);
		if (error == ENOSYS)
			error = 0;
		if (error == 0)
			memcpy(to + offset, from + offset,
			    end * PAGE_BYTES - offset);
	}
	return error;
}

/* A copy for want of a file, where the directory is gone or full. */
static int
copy_segment_into_memory(struct segment *segment)
{
	int error = os_reserve(segment->bytes, 2 * MIB, &segment->copy);

	if (error != 0)
		return error;
	segment->copy_in_memory = true;
	error = os_make_usable(segment->copy, segment->usable);
	return error == 0 ?
	    copy_in_memory(segment, segment->copy, segment->base) :
	    error;
}

/* Undoes copy_segment() and copy_segment_into_memory(), finished or not. */
void
drop_copy(struct segment *segment)
{
	if (segment->copy != NULL)
		os_unreserve(segment->copy, segment->bytes);
	if (segment->copy_fd >= 0)
		os_close(segment->copy_fd);
	segment->copy = NULL;
	segment->copy_fd = -1;
	segment->copy_in_memory = false;
}

void
drop_copies(struct source *source)
{
	for (struct segment *s = source->first; s != NULL; s = s->next)
		drop_copy(s);
}

/* All segments of the source or none: a child that has half of a kind would
 * find holes in its data structures. */
static int
copy_source(struct source *source, int (*copy)(struct segment *segment))
{
	int error = 0;

	for (struct segment *s = source->first; s != NULL && error == 0;
	     s = s->next)
		error = copy(s);
	if (error != 0)
		drop_copies(source);
	return error;
}

int
copy_into_files(struct source *source)
{
	return copy_source(source, copy_segment);
}

int
copy_into_memory(struct source *source)
{
	return copy_source(source, copy_segment_into_memory);
}

/* Notes that the child has only what was copied, the spans: granules that were
 * committed and free are not committed in the child, and free pages read as
 * zero. With reserve= all of the copy's space was taken. */
static void
forget_idle(struct segment *segment)
{
	struct source *source = segment->source;
	size_t pages = segment->map.pages, page = 0;
	size_t per = source->granule / PAGE_BYTES;

	if (source->spec->reserve)
		return;
	while ((page = page_set_find(&segment->map.used, page, pages, false)) <
	    pages) {
		size_t end = page_set_find(
		    &segment->map.used, page, pages, true);
		size_t first = (page + per - 1) / per;
		size_t last = max_size(end / per, first);

		source_uncount(source,
		    source->granule *
			page_set_count(&segment->committed, first, last));
		page_set_fill(&segment->committed, first, last, false);
		page_set_fill(&segment->dirty, page, end, false);
		page = end;
	}
}

/* What place_copy() does where mremap(2) is refused: the spans are copied into
 * ordinary memory. The child then has no file. */
static int
copy_by_hand(struct segment *segment)
{
	int error = os_make_usable_anew(
	    segment->base + segment->head, segment->bytes - segment->head);

	if (error == 0)
		error = copy_in_memory(segment, segment->base, segment->copy);
	if (error == 0 && file_is_ours(segment))
		os_close(segment->fd);
	segment->fd = -1;
	return error;
}

/* Puts the copy in the place of the parent's pages. One in memory is private
 * as the pages of a file are that were written to. */
static int
place_copy(struct segment *segment)
{
	int error = file_place_copy(segment);

	if (os_is_refused(error)) {
		error = copy_by_hand(segment);
		segment->copy_in_memory = true;
	}
	if (error != 0)
		return error;
	forget_idle(segment);
	segment->rest_unsure = false;
	segment->private = segment->in_memory = segment->copy_in_memory;
	segment->withheld = !segment->copy_in_memory;
	segment->left = false;
	return 0;
}

/* Puts the copies of all segments in place; those without one were private or
 * shared. What lies on a file of the child's own is withheld from its own
 * children, like the parent's. On failure some may be in place: the caller
 * refuses all. */
int
place_copies(struct source *source)
{
	bool exposed = false;

	for (struct segment *s = source->first; s != NULL; s = s->next) {
		int error = s->copy == NULL ? 0 : place_copy(s);

		if (error != 0)
			return error;
		exposed |= s->withheld;
		drop_copy(s);
	}
	atomic_store(&source->exposed, exposed);
	return 0;
}
