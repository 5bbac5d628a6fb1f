/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fork.c - what becomes of sources in the child of a fork.
 *
 * Anonymous memory and regions need nothing: the kernel does what their
 * mapping says. A file kind is shared, copied, refused or made private, by its
 * fork policy. Copies are made before the fork, while the parent's pages can
 * be read and an error can still be told; the child puts them in place.
 *
 * Called by the fork handlers of kind/ and of the shim, after all locks of
 * jemalloc were taken. Between prefork and postfork every source is locked.
 */
#include <errno.h>

#include "base/bits.h"
#include "source/address_map.h"
#include "source/stretch.h"

static bool
has_huge_pages(const struct source *source)
{
	return source->grain != PAGE_BYTES;
}

/* A hugetlbfs takes no write(2): its files are written where they are mapped. */
static int
write_span(struct stretch *stretch, int fd, size_t offset, size_t bytes)
{
	size_t grain = stretch->source->grain;
	size_t low = align_down(offset, grain);
	size_t high = align_up(offset + bytes, grain);
	char *copy = stretch->copy;
	int error;

	if (!has_huge_pages(stretch->source))
		return os_write_file(
		    fd, stretch->base + offset, bytes, (off_t)offset);
	error = os_populate(copy + low, high - low);
	if (error == ENOSYS)
		error = os_take_space(fd, (off_t)low, (off_t)(high - low));
	if (error == 0)
		__builtin_memcpy(copy + offset, stretch->base + offset, bytes);
	return error;
}

/* Copies what is in spans into the new file, by writing: files that share blocks
 * cost nothing, but then the next write of either needs space that nobody took
 * for it, and raises SIGBUS where the file system is full. */
static int
copy_spans(struct stretch *stretch, int fd)
{
	size_t pages = stretch->map.pages, end = 0;

	for (;;) {
		size_t from = page_set_find(
		    &stretch->map.used, end, pages, true);

		if (from == pages)
			return 0;
		end = page_set_find(&stretch->map.used, from, pages, false);
		size_t offset = from * PAGE_BYTES;
		int error = write_span(
		    stretch, fd, offset, (end - from) * PAGE_BYTES);

		if (error != 0)
			return error;
	}
}

/* Makes the child's file and maps it somewhere until the child moves it. */
static int
copy_stretch(struct stretch *stretch)
{
	int fd, error;

	error = os_open_unlinked(stretch->source->spec->path, &fd);
	if (error != 0)
		return error;
	error = os_set_length(fd, (off_t)stretch->bytes);
	if (error == 0 && stretch->source->spec->reserve)
		error = os_take_space(fd, 0, (off_t)stretch->bytes);
	if (error == 0)
		error = os_reserve(stretch->bytes,
		    max_size(stretch->source->grain, 2 * MIB), &stretch->copy);
	if (error == 0)
		error = file_map_copy(stretch, stretch->copy, fd);
	if (error == 0)
		error = copy_spans(stretch, fd);
	if (error == 0 && stretch->fd >= 0)
		stretch->copy_fd = fd;
	else
		os_close(fd);
	return error;
}

/* Undoes copy_stretch(); in the child after the copy was put in place, with
 * MOVED, only its reservation's guard page is left. */
static void
drop_copy(struct stretch *stretch)
{
	if (stretch->copy != NULL)
		os_unreserve(stretch->copy, stretch->bytes);
	if (stretch->copy_fd >= 0)
		os_close(stretch->copy_fd);
	stretch->copy = NULL;
	stretch->copy_fd = -1;
}

static void
drop_copies(struct source *source)
{
	for (struct stretch *s = source->first; s != NULL; s = s->next)
		drop_copy(s);
}

static int
copy_source(struct source *source)
{
	int error = 0;

	for (struct stretch *s = source->first; s != NULL && error == 0;
	     s = s->next)
		error = copy_stretch(s);
	if (error != 0)
		drop_copies(source);
	return error;
}

/* Parent and child both go on with copies on write of the file as it is: EBADF
 * where that cannot be. A copy of a huge page is taken when it is written to,
 * and where there is none left the kernel ends the process. */
static int
make_private(struct source *source)
{
	if (has_huge_pages(source))
		return EBADF;
	for (struct stretch *s = source->first; s != NULL; s = s->next) {
		if (s->private)
			continue;
		if (!file_is_ours(s))
			return EBADF;
		int error = file_map_private(s);
		if (error != 0)
			return error;
		s->private = true;
	}
	return 0;
}

/* A file that was lost to a program that closes all descriptors can't be
 * mapped again, and one of huge pages not so that nothing is lost: the child
 * gets a copy. */
static int
prepare(struct source *source)
{
	int error;

	switch (source->spec->fork) {
	case SPEC_FORK_COPY:
		return copy_source(source);
	case SPEC_FORK_COPY_OR_PRIVATE:
		error = copy_source(source);
		return error != 0 ? make_private(source) : 0;
	case SPEC_FORK_PRIVATE:
		error = make_private(source);
		return error == EBADF ? copy_source(source) : error;
	case SPEC_FORK_SHARED:
	case SPEC_FORK_REFUSE:
		break;
	}
	return 0;
}

int
sources_prefork(void)
{
	int first_error = 0;

	lock_take(&sources_lock);
	for (struct source *s = sources; s != NULL; s = s->next)
		lock_take(&s->lock);
	for (struct source *s = sources; s != NULL; s = s->next) {
		if (s->spec->source != SPEC_FILE || atomic_load(&s->refused))
			continue;
		s->copy_error = prepare(s);
		if (first_error == 0)
			first_error = s->copy_error;
	}
	return first_error;
}

int
source_fork_error(const struct source *source)
{
	return source->copy_error;
}

void
sources_postfork_parent(void)
{
	for (struct source *s = sources; s != NULL; s = s->next) {
		drop_copies(s);
		lock_give(&s->lock);
	}
	lock_give(&sources_lock);
}

/* The copy has the grains of spans alone: what else was backed is no longer. */
static void
forget_idle(struct stretch *stretch)
{
	struct source *source = stretch->source;
	size_t pages = stretch->map.pages, page = 0;
	size_t per = source->grain / PAGE_BYTES;

	if (source->spec->reserve)
		return;
	while ((page = page_set_find(&stretch->map.used, page, pages, false)) <
	    pages) {
		size_t end = page_set_find(
		    &stretch->map.used, page, pages, true);
		size_t first = (page + per - 1) / per;
		size_t last = max_size(end / per, first);

		source_uncount(source,
		    source->grain *
			page_set_count(&stretch->backed, first, last));
		page_set_fill(&stretch->backed, first, last, false);
		page_set_fill(&stretch->dirty, page, end, false);
		page = end;
	}
}

/* What place_copy() does where mremap(2) is refused: the spans are copied into
 * ordinary memory. The child then has no file. */
static int
copy_by_hand(struct stretch *stretch)
{
	size_t pages = stretch->map.pages, end = stretch->head / PAGE_BYTES;
	int error = os_make_usable_anew(
	    stretch->base + stretch->head, stretch->bytes - stretch->head);

	while (error == 0) {
		size_t from = page_set_find(
		    &stretch->map.used, end, pages, true);

		if (from == pages)
			break;
		end = page_set_find(&stretch->map.used, from, pages, false);
		__builtin_memcpy(stretch->base + from * PAGE_BYTES,
		    (char *)stretch->copy + from * PAGE_BYTES,
		    (end - from) * PAGE_BYTES);
	}
	if (error == 0 && file_is_ours(stretch))
		os_close(stretch->fd);
	stretch->fd = -1;
	return error;
}

/* Puts the copy in the place of the parent's pages. */
static int
place_copy(struct stretch *stretch)
{
	int error = file_place_copy(stretch);

	if (os_is_refused(error))
		error = copy_by_hand(stretch);
	if (error != 0)
		return error;
	forget_idle(stretch);
	stretch->private = false;
	return 0;
}

/* The child's part for one source: its copies take the place of the parent's
 * pages, or the place is left empty. */
static void
settle_child(struct source *source)
{
	bool refuse = source->copy_error != 0 ||
	    source->spec->fork == SPEC_FORK_REFUSE;

	for (struct stretch *s = source->first; s != NULL; s = s->next) {
		if (!refuse && s->copy != NULL)
			refuse = place_copy(s) != 0;
		if (refuse)
			os_cover(s->base, s->bytes);
		drop_copy(s);
	}
	atomic_store(&source->refused, refuse);
}

void
sources_postfork_child(void)
{
	for (struct source *s = sources; s != NULL; s = s->next) {
		if (s->spec->source == SPEC_FILE && !atomic_load(&s->refused))
			settle_child(s);
		atomic_store(&s->held, 0);
		s->walks = NULL; /* of threads that are gone */
		lock_give(&s->lock);
	}
	lock_give(&sources_lock);
}
