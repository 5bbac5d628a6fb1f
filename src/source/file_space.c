/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * file_space.c - the space of a segment's file. See file_space.h.
 *
 * Space is taken by touching pages ahead of use through the mapping
 * (MADV_POPULATE_WRITE), and given back through it (MADV_REMOVE), so no
 * descriptor is needed for that: thousands of kinds live under any limit, and a
 * daemon that closes all descriptors harms nobody. On a disk, where taking
 * space costs far less than pages do, it is taken through a descriptor as long
 * as there is one: fallocate(2) takes 512 MiB of ext4 in 1 ms, touching them in
 * 560. Which segments keep theirs is file.c's decision; it is checked before
 * each use. Before Linux 5.14, which has no MADV_POPULATE_WRITE, all do.
 *
 * Pages are readable from the low end up to where they have been used: what the
 * program locks into memory (mlockall) is not the whole of a sparse file.
 *
 * Called by commit.c and decommit.c through the table of operations, and by
 * file.c and copy.c. Owns nothing.
 */
#include "source/file_space.h"

#include <errno.h>

#include "source/memory.h"
#include "source/withhold.h"

/* Spans above this size take their space by fallocate(2), without touching the
 * pages, where there is a descriptor: the program may never touch them all. */
#define SPAN_UNTOUCHED (2 * MIB)

/* From this size on, the file system is first asked what it has; and after a
 * failure nothing as large is tried for SHORT_MS: see is_short(). */
#define ASK_FIRST MIB
#define SHORT_MS 100

bool
file_is_ours(const struct segment *segment)
{
	struct os_file_id id;

	return segment->fd >= 0 && os_file_id(segment->fd, &id) == 0 &&
	    id.device == segment->id.device && id.inode == segment->id.inode;
}

int
file_map_rest(struct segment *segment, bool private)
{
	size_t from = segment->usable;

	return from == segment->bytes ?
	    0 :
	    os_map_file_closed(segment->base + from, segment->bytes - from,
		segment->fd, (off_t)(segment->file_offset + from), private);
}

/* Where a fork could not make the segment private, what is not usable yet may
 * be mapped either way: it is mapped like the rest of the segment before it is
 * used. 0 or an error number. */
static int
settle_rest(struct segment *segment)
{
	int error;

	if (likely(!segment->rest_unsure))
		return 0;
	if (!file_is_ours(segment))
		return EBADF;
	error = file_map_rest(segment, false);
	if (error == 0)
		error = segment_withhold(segment);
	if (error == 0)
		segment->rest_unsure = false;
	return error;
}

int
file_make_usable(struct segment *segment, size_t offset)
{
	size_t step = max_size(segment->source->granule, 2 * MIB);
	size_t end = min_size(align_up(offset, step), segment->bytes);
	int error;

	if (end <= segment->usable)
		return 0;
	error = settle_rest(segment);
	if (error != 0)
		return error;
	error = os_make_usable(
	    segment->base + segment->usable, end - segment->usable);
	if (error == 0)
		segment->usable = end;
	return error;
}

/* Ordinary memory, for a tmpfs, is asked for first. */
int
file_take_space(
    const struct segment *segment, int fd, size_t offset, size_t bytes)
{
	return segment->file_system->is_memory ?
	    memory_take_space(fd, (off_t)offset, (off_t)bytes) :
	    os_take_space(fd, (off_t)offset, (off_t)bytes);
}

/* Takes space by touching the pages; ENOSYS where the kernel cannot. A segment
 * in memory has lost its file at a fork, and takes memory as a tmpfs does. */
static int
populate(struct segment *segment, size_t offset, size_t bytes)
{
	char *at = segment->base + offset;

	return segment->file_system->is_memory || segment->in_memory ?
	    memory_fill(os_populate, at, bytes) :
	    os_populate(at, bytes);
}

/*
 * Whether space is taken by touching pages, rather than by fallocate(2). Small
 * spans are: it costs what their first touch would have cost anyway. Large ones
 * only without a descriptor. Once a file is mapped copy on write, touching
 * would take memory for pages that nobody wrote; what must not be missing then
 * is the space of the file below them.
 */
static bool
is_touched(const struct segment *segment, size_t bytes)
{
	return segment->file_system->touch_takes && !segment->private &&
	    (bytes <= SPAN_UNTOUCHED || !file_is_ours(segment));
}

/* Takes the space of a span by the best way there is, falling back where the
 * kernel cannot populate (ENOSYS). Without a descriptor, on a file system that
 * takes space later, nothing can be promised: ENOMEM, unless the user trusts
 * the file system; then the pages are touched. */
static int
take(struct segment *segment, size_t offset, size_t bytes)
{
	int error = ENOSYS;

	if (is_touched(segment, bytes))
		error = populate(segment, offset, bytes);
	if (error != ENOSYS)
		return error;
	if (file_is_ours(segment))
		return file_take_space(
		    segment, segment->fd, segment->file_offset + offset, bytes);
	return segment->source->spec->trust && !segment->private ?
	    populate(segment, offset, bytes) :
	    ENOMEM;
}

/* The free bytes of the file's file system; UINT64_MAX where nobody says. By
 * the descriptor, or by the directory as long as that leads to the same device:
 * something may have been mounted over it. */
static uint64_t
room_for(const struct segment *segment)
{
	const char *path = segment->source->spec->path;
	struct os_file_id id;
	uint64_t room = UINT64_MAX;

	if (file_is_ours(segment))
		os_room(segment->fd, NULL, &room);
	else if (os_path_id(path, &id) == 0 && id.device == segment->id.device)
		os_room(-1, path, &room);
	return room;
}

/* Whether an attempt would be in vain. Either the file system says that it has
 * less; or so many bytes, or fewer, could not be had when that was last tried,
 * within the last SHORT_MS, nothing was given back since, and it does not say
 * that it has more now. The second is needed since file systems count space as
 * free that they then need for metadata. */
static bool
is_short(struct segment *segment, size_t bytes)
{
	struct source *source = segment->source;
	uint64_t room = room_for(segment);

	if (room < bytes ||
	    (source->short_of != 0 && bytes >= source->short_of &&
		room <= source->short_room &&
		os_now_ms() - source->short_since < SHORT_MS))
		return true;
	source->short_room = room;
	return false;
}

/*
 * Gives a run of granules its space. With reserve= it has it. In memory, after
 * a fork without a file, pages are taken; where the kernel cannot populate they
 * come at the first touch, as anonymous memory does.
 *
 * A large span asks first: if it has to fail, it would until then take all the
 * space that is left from everybody else.
 */
int
file_commit(struct segment *segment, size_t offset, size_t bytes)
{
	struct source *source = segment->source;
	int error = file_make_usable(segment, offset + bytes);

	if (error != 0 || source->spec->reserve)
		return error;
	if (segment->in_memory) {
		error = populate(segment, offset, bytes);
		return error == ENOSYS ? 0 : error;
	}
	if (bytes >= ASK_FIRST && is_short(segment, bytes))
		return ENOMEM;
	error = take(segment, offset, bytes);
	if (unlikely(error != 0)) {
		source->short_of = bytes;
		source->short_since = os_now_ms();
	}
	return error;
}

/* Punches a hole. A private mapping gives back its copies alone, since a hole
 * would take pages from under the other process: EBUSY says that the granules
 * are committed still, and their pages, those of the file again, are dirty. */
int
file_decommit(struct segment *segment, size_t offset, size_t bytes)
{
	if (!segment->private)
		return os_punch(segment->base + offset, bytes);
	os_discard(segment->base + offset, bytes);
	return EBUSY;
}

size_t
file_least(const struct segment *segment)
{
	return segment->private ? 0 : segment->file_system->punch_least;
}
