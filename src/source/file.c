/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * file.c - segments on files that have no name.
 *
 * A segment is a run of an unlinked, sparse file, mapped shared at an address
 * that equals the offset modulo 2 MiB. A source of fixed size has a file for
 * each of its segments. One that grows has a file that is as long as it may
 * be, of which each segment maps the next piece: the page behind a segment is
 * mapped, too, never to be touched, and mremap(2) makes the next segment from
 * it. So growing needs neither a descriptor nor the directory, which may be
 * gone. Only where a file ends, RLIMIT_FSIZE for example, another one is made.
 *
 * Space is taken and given back through the mapping, or through a descriptor
 * where one is kept: file_space.c. It is kept where fork must map the file
 * again, or touching a page does not take its space; and on a disk, where it
 * saves time, as long as there are few.
 *
 * A file of a hugetlbfs is cut, mapped, committed and given back in whole huge
 * pages, which are the source's granule; its handle's page is as large.
 *
 * A directory whose file system may have no space for a page that had it once
 * is refused, unless the spec trusts it: then as much is done as can be.
 *
 * Called by segment.c through the table of operations, under the lock of the
 * list, and by copy.c and fork.c, in a fork's handlers.
 */
#include "source/file.h"

#include <errno.h>

#include "source/file_space.h"
#include "source/operations.h"
#include "source/withhold.h"

/* The length of a file that grows, where a great length costs nothing. */
#define LENGTH_MAX ((size_t)64 << 40)

/* Descriptors that only save time are kept up to an eighth of the process's
 * limit, and up to KEPT_MAX in all. */
#define KEPT_PART 8
#define KEPT_MAX 256

static _Atomic unsigned kept;

/* ---- Opening ------------------------------------------------------------ */

/* Whether further segments may go on in the file of this one: a source that
 * grows, on a file system where a great length costs nothing. */
static bool
grows(const struct segment *segment)
{
	const struct spec *spec = segment->source->spec;

	return (spec->size == 0 || spec->grow) && segment->file_system->sparse;
}

/*
 * Whether the descriptor is worth a place in the process's table. It must be
 * kept where fork maps the file again, and where space cannot be taken by
 * touching: the file system takes it later, or the kernel cannot populate
 * (asked with an empty range, which changes nothing). It is not needed where
 * all space is taken at once. Else it only saves time, on a disk, and is kept
 * while there are few.
 */
static bool
is_kept(const struct source *source, const struct segment *segment)
{
	const struct os_file_system *on = segment->file_system;

	if (source->spec->keep_file || source->spec->fork >= SPEC_FORK_PRIVATE)
		return true;
	if (source->spec->reserve)
		return false;
	return !on->touch_takes || os_populate(segment->base, 0) == ENOSYS ||
	    (on->on_disk &&
		atomic_load(&kept) <
		    min_size(os_descriptors() / KEPT_PART, KEPT_MAX));
}

static void
keep_or_close(struct source *source, struct segment *segment, int fd)
{
	if (is_kept(source, segment)) {
		segment->fd = os_move_high(fd);
		atomic_fetch_add(&kept, 1);
	} else {
		os_close(fd);
	}
}

/* Closes the descriptor, if its number still is the file's: a program that
 * closed all descriptors may have another file under that number by now. */
static void
close_kept(struct segment *segment)
{
	if (segment->fd < 0)
		return;
	if (file_is_ours(segment))
		os_close(segment->fd);
	atomic_fetch_sub(&kept, 1);
	segment->fd = -1;
}

/* Makes the file as long as it can be for a source that grows, halving where
 * the process may not write so far (RLIMIT_FSIZE) or the file system has no
 * such files. EFBIG if even the segment does not fit. */
static int
set_length(struct segment *segment, int fd)
{
	size_t least = segment->bytes;
	size_t length = grows(segment) ? max_size(least, LENGTH_MAX) : least;
	int error;

	while ((error = os_set_length(fd, (off_t)length)) == EFBIG &&
	    length > least)
		length = max_size(length / 2, least);
	segment->file_length = length;
	return error;
}

/* Where in the file the segment behind this one begins. */
static size_t
next_offset(const struct segment *segment)
{
	return segment->file_offset + align_up(segment->bytes, 2 * MIB);
}

/* Takes the whole of a size, when the kind is opened. The file system is asked
 * first, since an attempt that must fail would take all that is left from
 * others until it does. */
static int
take_all(struct segment *segment, int fd)
{
	size_t bytes = segment->bytes - segment->head;
	uint64_t room;

	if (os_room(fd, NULL, &room) == 0 && room < bytes)
		return ENOSPC;
	return file_take_space(segment, fd, segment->head, bytes);
}

/* A new file of the segment's length, with its space if that is reserved.
 * EOPNOTSUPP where the file system may have no space for a page that had it
 * once (os_file_system_linux.c), and the spec does not trust it. */
static int
open_file(struct source *source, struct segment *segment, int *fd)
{
	const struct spec *spec = source->spec;
	int error = os_open_unlinked(spec->path, fd);

	if (error != 0)
		return error;
	segment->file_system = os_file_system(*fd);
	if (!segment->file_system->keeps_space && !spec->trust)
		error = EOPNOTSUPP;
	if (error == 0)
		error = os_file_id(*fd, &segment->id);
	if (error == 0)
		error = set_length(segment, *fd);
	if (error == 0 && spec->reserve)
		error = take_all(segment, *fd);
	if (error != 0)
		os_close(*fd);
	return error;
}

/* Maps the segment from its file, unreadable, over its reservation behind the
 * handle's page; and, where the file goes on, the page behind the segment over
 * the reservation's guard page: from that seed mremap(2) makes the next segment
 * without a descriptor. */
static int
map_file(struct segment *segment, int fd)
{
	int error = os_map_file_closed(segment->base + segment->head,
	    segment->bytes - segment->head, fd, (off_t)segment->head, false);

	if (error == 0 && grows(segment))
		error = os_map_file_closed(segment->base + segment->bytes,
		    PAGE_BYTES, fd, (off_t)next_offset(segment), false);
	return error;
}

/* The first file_make_usable(), which tells whether a sandbox refuses
 * mprotect(2): then the whole segment is mapped again, readable. */
static int
open_first(struct segment *segment, int fd)
{
	int error;

	segment->usable = segment->head;
	error = file_make_usable(segment, segment->head + PAGE_BYTES);
	if (!os_is_refused(error))
		return error;
	segment->usable = segment->bytes;
	return os_map_file(segment->base + segment->head,
	    segment->bytes - segment->head, fd,
	    (off_t)(segment->file_offset + segment->head), false);
}

/* The descriptor is kept by the segment or closed: the mapping keeps the file
 * alive. After a failure nothing is left of the file and the addresses. */
static int
open_in_new_file(struct source *source, struct segment *segment)
{
	int fd, error = open_file(source, segment, &fd);
	void *base;

	if (error != 0)
		return error;
	error = os_reserve_above(source->spec->hint, segment->bytes,
	    max_size(
		source->spec->alignment, max_size(source->granule, 2 * MIB)),
	    &base);
	if (error != 0)
		goto no_addresses;
	segment->base = base;
	error = map_file(segment, fd);
	if (error == 0)
		error = open_first(segment, fd);
	if (error != 0)
		goto no_mapping;
	error = segment_withhold(segment);
	if (error != 0)
		goto no_mapping;
	keep_or_close(source, segment, fd);
	return 0;

no_mapping:
	os_unreserve(base, segment->bytes);
no_addresses:
	os_close(fd);
	return error;
}

/*
 * Goes on in the file of the newest segment. Only the process that mapped that
 * one may: parent and child of a fork, which both have it, would both hand out
 * the same part of the file. A private mapping cannot go on either, since
 * mremap(2) makes a second mapping of a shared one alone.
 *
 * EFBIG where the file ends, or mapping its next part fails for any reason: the
 * caller then makes a new file, and reports the error of that, if any.
 */
static int
open_in_same_file(struct source *source, struct segment *segment)
{
	struct segment *last = source->newest;
	void *base;
	int error;

	if (last == NULL || last->process != os_process() || last->private ||
	    next_offset(last) + segment->bytes > last->file_length)
		return EFBIG;
	error = os_reserve(segment->bytes, 2 * MIB, &base);
	if (error != 0)
		return error;
	error = os_map_on(last->base + last->bytes, base,
	    align_up(segment->bytes, 2 * MIB) + PAGE_BYTES);
	segment->base = base;
	if (error == 0)
		error = file_make_usable(segment, PAGE_BYTES);
	if (error == 0)
		error = segment_withhold(segment);
	if (error != 0) {
		os_unreserve(base, segment->bytes);
		segment->usable = 0;
		return EFBIG;
	}
	segment->file_offset = next_offset(last);
	segment->file_length = last->file_length;
	segment->file_system = last->file_system;
	segment->id = last->id;
	if (file_is_ours(last) && is_kept(source, segment)) {
		segment->fd = os_copy_high(last->fd);
		if (segment->fd >= 0)
			atomic_fetch_add(&kept, 1);
	}
	return 0;
}

static int
file_open(struct source *source, struct segment *segment)
{
	int error = open_in_same_file(source, segment);

	if (error == EFBIG)
		error = open_in_new_file(source, segment);
	if (error != 0)
		return error;
	segment->process = os_process();
	source->newest = grows(segment) ? segment : NULL;
	return 0;
}

/* Where the segment did not come into this process, a child that no handler
 * saw, something else may be at its addresses: they are left alone. */
static void
file_close(struct segment *segment)
{
	if (segment->source->newest == segment)
		segment->source->newest = NULL;
	close_kept(segment);
	if (!segment_is_lost(segment))
		os_unreserve(segment->base, segment->bytes);
}

/* ---- Fork --------------------------------------------------------------- */

int
file_map_copy(struct segment *segment, void *at, int fd)
{
	int error = os_map_file_closed(at, segment->bytes, fd, 0, false);

	return error == 0 && segment->usable != 0 ?
	    os_make_usable(at, segment->usable) :
	    error;
}

/* Maps what is usable from the segment's own file. */
static int
map_usable(struct segment *segment, bool private)
{
	size_t head = segment->head;

	return os_map_file(segment->base + head, segment->usable - head,
	    segment->fd, (off_t)(segment->file_offset + head), private);
}

/*
 * What is usable comes last, and in one step, for threads that read there
 * meanwhile. If it fails it is mapped as before once more, since the kernel may
 * have unmapped it by then: nothing was written to a private mapping, so the
 * file has all of it.
 *
 * The rest may be mapped either way after a failure. Until that is settled
 * nothing of it becomes usable: what is written to a private mapping would be
 * lost when the next fork maps the segment again.
 */
int
file_map_private(struct segment *segment)
{
	int error = file_map_rest(segment, true);

	if (error == 0) {
		error = map_usable(segment, true);
		if (error != 0)
			map_usable(segment, false);
	}
	segment->rest_unsure = error != 0;
	return error;
}

/* Moves the copy's mappings over the segment's addresses, in the child. In two
 * steps, since mremap(2) moves one mapping at a time, and the readable part and
 * the rest are two. The segment then is one of the copy's file, and has its
 * descriptor. After a failure the segment's record is unchanged. */
int
file_place_copy(struct segment *segment)
{
	char *copy = segment->copy;
	size_t usable = segment->usable;
	int error = 0;

	if (usable != 0)
		error = os_move(copy, usable, segment->base);
	if (error == 0 && usable < segment->bytes)
		error = os_move(copy + usable, segment->bytes - usable,
		    segment->base + usable);
	if (error != 0)
		return error;
	segment->file_offset = 0;
	segment->file_length = segment->bytes;
	/* One in memory has no file. */
	if (segment->copy_fd < 0) {
		close_kept(segment);
	} else if (segment->fd >= 0) {
		if (file_is_ours(segment))
			os_close(segment->fd);
		os_file_id(segment->copy_fd, &segment->id);
		segment->fd = os_move_high(segment->copy_fd);
		segment->copy_fd = -1;
	}
	return 0;
}

const struct segment_ops file_ops = {
	.open = file_open,
	.close = file_close,
	.commit = file_commit,
	.decommit = file_decommit,
	.least = file_least,
	.ahead = true,
	.reads_zero = true,
};
