/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * file.c - stretches on files that have no name.
 *
 * A stretch is a run of an unlinked, sparse file, mapped shared at an address
 * that equals the offset modulo 2 MiB. A source of fixed size has a file for
 * each of its stretches. One that grows has a file that is as long as it may
 * be, of which each stretch maps the next piece: the page behind a stretch is
 * mapped, too, never to be touched, and mremap(2) makes the next stretch from
 * it. So growing needs neither a descriptor nor the directory, which may be
 * gone. Only where a file ends, RLIMIT_FSIZE for example, another one is made.
 *
 * Space is taken by touching pages ahead of use through the mapping
 * (MADV_POPULATE_WRITE), and given back through it (MADV_REMOVE), so no
 * descriptor is needed for that either: thousands of kinds live under any
 * limit, and a daemon that closes all descriptors harms nobody. A descriptor is
 * kept where fork must map the file again, or touching a page does not take its
 * space; and on a disk, where taking space costs far less than pages do, as long
 * as there are few. It is checked before each use.
 *
 * Pages are readable from the low end up to where they have been used: what the
 * program locks into memory (mlockall) is not the whole of a sparse file.
 *
 * A file of a hugetlbfs is cut, mapped, backed and given back in whole huge
 * pages, which are the source's grain; its handle's page is as large.
 *
 * A directory whose file system may have no space for a page that had it once
 * is refused, unless the spec trusts it: then as much is done as can be.
 *
 * Called by source.c, open.c and fork.c: opening and closing under the lock of
 * the list, the rest under the source's.
 */
#include <errno.h>

#include "source/memory.h"
#include "source/stretch.h"

/* From this size on, a span takes space without touching its pages, where a
 * descriptor is at hand: its owner may never touch them all. */
#define SPAN_UNTOUCHED (2 * MIB)

/* From this size on, the file system is asked first what it has. What was tried
 * in vain is not tried again for a moment, unless some was given back. */
#define ASK_FIRST MIB
#define SHORT_MS 100

/* How long a file is made where that costs nothing. */
#define LENGTH_MOST ((size_t)64 << 40)

/* Descriptors that are merely useful: this part of the limit, and so many. */
#define KEPT_PART 8
#define KEPT_MOST 256

static _Atomic unsigned kept;

bool
file_is_ours(const struct stretch *stretch)
{
	struct os_file_id id;

	return stretch->fd >= 0 && os_file_id(stretch->fd, &id) == 0 &&
	    id.device == stretch->id.device && id.inode == stretch->id.inode;
}

/* ---- Opening ------------------------------------------------------------ */

/* Whether further stretches may go on in the file of this one. */
static bool
grows(const struct stretch *stretch)
{
	const struct spec *spec = stretch->source->spec;

	return (spec->size == 0 || spec->grow) && stretch->file_system->sparse;
}

/* Whether the descriptor is worth a place in the process's table. */
static bool
is_kept(const struct source *source, const struct stretch *stretch)
{
	const struct os_file_system *on = stretch->file_system;

	if (source->spec->keep_file || source->spec->fork >= SPEC_FORK_PRIVATE)
		return true;
	if (source->spec->reserve)
		return false;
	return !on->touch_takes || os_populate(stretch->base, 0) == ENOSYS ||
	    (on->on_disk &&
		atomic_load(&kept) <
		    min_size(os_descriptors() / KEPT_PART, KEPT_MOST));
}

static void
keep_or_close(struct source *source, struct stretch *stretch, int fd)
{
	if (is_kept(source, stretch)) {
		stretch->fd = os_move_high(fd);
		atomic_fetch_add(&kept, 1);
	} else {
		os_close(fd);
	}
}

static void
close_kept(struct stretch *stretch)
{
	if (stretch->fd < 0)
		return;
	if (file_is_ours(stretch))
		os_close(stretch->fd);
	atomic_fetch_sub(&kept, 1);
	stretch->fd = -1;
}

/* As long as can be for a source that grows. What the process may not write,
 * or the file system not have, is EFBIG. */
static int
set_length(struct stretch *stretch, int fd)
{
	size_t least = stretch->bytes;
	size_t length = grows(stretch) ? max_size(least, LENGTH_MOST) : least;
	int error;

	while ((error = os_set_length(fd, (off_t)length)) == EFBIG &&
	    length > least)
		length = max_size(length / 2, least);
	stretch->file_length = length;
	return error;
}

/* Where in the file the stretch behind this one begins. */
static size_t
next_offset(const struct stretch *stretch)
{
	return stretch->file_offset + align_up(stretch->bytes, 2 * MIB);
}

/* Ordinary memory, for a tmpfs, is asked for first. */
int
file_take_space(
    const struct stretch *stretch, int fd, size_t offset, size_t bytes)
{
	return stretch->file_system->is_memory ?
	    memory_take_space(fd, (off_t)offset, (off_t)bytes) :
	    os_take_space(fd, (off_t)offset, (off_t)bytes);
}

/* The same by touching the pages. */
static int
populate(struct stretch *stretch, size_t offset, size_t bytes)
{
	char *at = stretch->base + offset;

	return stretch->file_system->is_memory || stretch->in_memory ?
	    memory_fill(os_populate, at, bytes) :
	    os_populate(at, bytes);
}

/* The whole of a size, when the kind is opened. */
static int
take_all(struct stretch *stretch, int fd)
{
	size_t bytes = stretch->bytes - stretch->head;
	uint64_t room;

	if (os_room(fd, NULL, &room) == 0 && room < bytes)
		return ENOSPC;
	return file_take_space(stretch, fd, stretch->head, bytes);
}

static int
open_file(struct source *source, struct stretch *stretch, int *fd)
{
	const struct spec *spec = source->spec;
	int error = os_open_unlinked(spec->path, fd);

	if (error != 0)
		return error;
	stretch->file_system = os_file_system(*fd);
	if (!stretch->file_system->keeps_space && !spec->trust)
		error = EOPNOTSUPP;
	if (error == 0)
		error = os_file_id(*fd, &stretch->id);
	if (error == 0)
		error = set_length(stretch, *fd);
	if (error == 0 && spec->reserve)
		error = take_all(stretch, *fd);
	if (error != 0)
		os_close(*fd);
	return error;
}

/* Maps the stretch from its file, and the seed of the next one behind it. */
static int
map_file(struct stretch *stretch, int fd)
{
	int error = os_map_file_closed(stretch->base + stretch->head,
	    stretch->bytes - stretch->head, fd, (off_t)stretch->head, false);

	if (error == 0 && grows(stretch))
		error = os_map_file_closed(stretch->base + stretch->bytes,
		    PAGE_BYTES, fd, (off_t)next_offset(stretch), false);
	return error;
}

/* Makes the stretch readable up to OFFSET, and a little more. */
static int
make_usable(struct stretch *stretch, size_t offset)
{
	size_t step = max_size(stretch->source->grain, 2 * MIB);
	size_t end = min_size(align_up(offset, step), stretch->bytes);
	int error;

	if (end <= stretch->usable)
		return 0;
	error = os_make_usable(
	    stretch->base + stretch->usable, end - stretch->usable);
	if (error == 0)
		stretch->usable = end;
	return error;
}

/* The first step, which tells whether a sandbox refuses that: then the whole is
 * mapped readable. */
static int
open_first(struct stretch *stretch, int fd)
{
	int error;

	stretch->usable = stretch->head;
	error = make_usable(stretch, stretch->head + PAGE_BYTES);
	if (!os_is_refused(error))
		return error;
	stretch->usable = stretch->bytes;
	return os_map_file(stretch->base + stretch->head,
	    stretch->bytes - stretch->head, fd,
	    (off_t)(stretch->file_offset + stretch->head), false);
}

static int
open_in_new_file(struct source *source, struct stretch *stretch)
{
	int fd, error = open_file(source, stretch, &fd);
	void *base;

	if (error != 0)
		return error;
	error = os_reserve_above(source->spec->hint, stretch->bytes,
	    max_size(source->spec->alignment, max_size(source->grain, 2 * MIB)),
	    &base);
	if (error != 0)
		goto no_addresses;
	stretch->base = base;
	error = map_file(stretch, fd);
	if (error == 0)
		error = open_first(stretch, fd);
	if (error != 0)
		goto no_mapping;
	error = stretch_keep_back(stretch);
	if (error != 0)
		goto no_mapping;
	keep_or_close(source, stretch, fd);
	return 0;

no_mapping:
	os_unreserve(base, stretch->bytes);
no_addresses:
	os_close(fd);
	return error;
}

/* Goes on in the file of the newest stretch: as its child only the process that
 * mapped it may, since another would hand out the same pages. */
static int
open_in_same_file(struct source *source, struct stretch *stretch)
{
	struct stretch *last = source->newest;
	void *base;
	int error;

	if (last == NULL || last->process != os_process() || last->private ||
	    next_offset(last) + stretch->bytes > last->file_length)
		return EFBIG;
	error = os_reserve(stretch->bytes, 2 * MIB, &base);
	if (error != 0)
		return error;
	error = os_map_on(last->base + last->bytes, base,
	    align_up(stretch->bytes, 2 * MIB) + PAGE_BYTES);
	stretch->base = base;
	if (error == 0)
		error = make_usable(stretch, PAGE_BYTES);
	if (error == 0)
		error = stretch_keep_back(stretch);
	if (error != 0) {
		os_unreserve(base, stretch->bytes);
		stretch->usable = 0;
		return EFBIG;
	}
	stretch->file_offset = next_offset(last);
	stretch->file_length = last->file_length;
	stretch->file_system = last->file_system;
	stretch->id = last->id;
	if (file_is_ours(last) && is_kept(source, stretch)) {
		stretch->fd = os_copy_high(last->fd);
		if (stretch->fd >= 0)
			atomic_fetch_add(&kept, 1);
	}
	return 0;
}

static int
file_open(struct source *source, struct stretch *stretch)
{
	int error = open_in_same_file(source, stretch);

	if (error == EFBIG)
		error = open_in_new_file(source, stretch);
	if (error != 0)
		return error;
	stretch->process = os_process();
	source->newest = grows(stretch) ? stretch : NULL;
	return 0;
}

static void
file_close(struct stretch *stretch)
{
	if (stretch->source->newest == stretch)
		stretch->source->newest = NULL;
	close_kept(stretch);
	if (!stretch_is_lost(stretch))
		os_unreserve(stretch->base, stretch->bytes);
}

/* ---- Space -------------------------------------------------------------- */

/* Whether space is taken by touching pages. Once a file is mapped copy on write,
 * that would take memory for pages that nobody wrote; what must not be missing
 * is the space below them. */
static bool
is_touched(const struct stretch *stretch, size_t bytes)
{
	return stretch->file_system->touch_takes && !stretch->private &&
	    (bytes <= SPAN_UNTOUCHED || !file_is_ours(stretch));
}

static int
take(struct stretch *stretch, size_t offset, size_t bytes)
{
	int error = ENOSYS;

	if (is_touched(stretch, bytes))
		error = populate(stretch, offset, bytes);
	if (error != ENOSYS)
		return error;
	if (file_is_ours(stretch))
		return file_take_space(
		    stretch, stretch->fd, stretch->file_offset + offset, bytes);
	return stretch->source->spec->trust && !stretch->private ?
	    populate(stretch, offset, bytes) :
	    ENOMEM;
}

/* What the file system has. The directory answers for the file only as long as
 * it is where the file is. */
static uint64_t
room_for(const struct stretch *stretch)
{
	const char *path = stretch->source->spec->path;
	struct os_file_id id;
	uint64_t room = UINT64_MAX;

	if (file_is_ours(stretch))
		os_room(stretch->fd, NULL, &room);
	else if (os_path_id(path, &id) == 0 && id.device == stretch->id.device)
		os_room(-1, path, &room);
	return room;
}

/* Whether there is no need to try: there is not so much, or so much could not be
 * had a moment ago, and nothing was given back since. */
static bool
is_short(struct stretch *stretch, size_t bytes)
{
	struct source *source = stretch->source;
	uint64_t room = room_for(stretch);

	if (room < bytes ||
	    (source->short_of != 0 && bytes >= source->short_of &&
		room <= source->short_room &&
		os_now_ms() - source->short_since < SHORT_MS))
		return true;
	source->short_room = room;
	return false;
}

/* A large span that there is no space for fails before it has taken what there
 * is from everybody else; or does so once. */
static int
file_back(struct stretch *stretch, size_t offset, size_t bytes)
{
	int error = make_usable(stretch, offset + bytes);

	if (error != 0 || stretch->source->spec->reserve)
		return error;
	if (stretch->in_memory) {
		error = populate(stretch, offset, bytes);
		return error == ENOSYS ? 0 : error;
	}
	if (bytes >= ASK_FIRST && is_short(stretch, bytes))
		return ENOMEM;
	return take(stretch, offset, bytes);
}

/* A private mapping gives back its copies alone, since a
 * hole would take pages from under the other process. */
static int
file_unback(struct stretch *stretch, size_t offset, size_t bytes)
{
	int error;

	if (stretch->private) {
		os_discard(stretch->base + offset, bytes);
		return EBUSY;
	}
	error = os_punch(stretch->base + offset, bytes);
	if (error == 0)
		stretch->source->short_of = 0;
	return error;
}

static size_t
file_least(const struct stretch *stretch)
{
	return stretch->private ? 0 : stretch->file_system->punch_least;
}

/* ---- Fork --------------------------------------------------------------- */

int
file_map_copy(struct stretch *stretch, void *at, int fd)
{
	int error = os_map_file_closed(at, stretch->bytes, fd, 0, false);

	return error == 0 && stretch->usable != 0 ?
	    os_make_usable(at, stretch->usable) :
	    error;
}

/* In one step, for threads that read there meanwhile; the rest is not in use. */
int
file_map_private(struct stretch *stretch)
{
	size_t head = stretch->head, usable = stretch->usable;
	off_t offset = (off_t)stretch->file_offset;
	int error = 0;

	if (usable > head)
		error = os_map_file(stretch->base + head, usable - head,
		    stretch->fd, offset + (off_t)head, true);
	if (error == 0 && usable < stretch->bytes)
		error = os_map_file_closed(stretch->base + usable,
		    stretch->bytes - usable, stretch->fd,
		    offset + (off_t)usable, true);
	return error;
}

/* A moved mapping must be one mapping. */
int
file_place_copy(struct stretch *stretch)
{
	char *copy = stretch->copy;
	size_t usable = stretch->usable;
	int error = 0;

	if (usable != 0)
		error = os_move(copy, usable, stretch->base);
	if (error == 0 && usable < stretch->bytes)
		error = os_move(copy + usable, stretch->bytes - usable,
		    stretch->base + usable);
	if (error != 0)
		return error;
	stretch->file_offset = 0;
	stretch->file_length = stretch->bytes;
	/* One in memory has no file. */
	if (stretch->copy_fd < 0) {
		close_kept(stretch);
	} else if (stretch->fd >= 0) {
		if (file_is_ours(stretch))
			os_close(stretch->fd);
		os_file_id(stretch->copy_fd, &stretch->id);
		stretch->fd = os_move_high(stretch->copy_fd);
		stretch->copy_fd = -1;
	}
	return 0;
}

const struct stretch_ops file_ops = {
	.open = file_open,
	.close = file_close,
	.back = file_back,
	.unback = file_unback,
	.least = file_least,
	.ahead = true,
	.reads_zero = true,
};
