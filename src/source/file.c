/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * file.c - stretches on files that have no name.
 *
 * Each stretch is an unlinked file of its own, sparse, mapped shared as a
 * whole at an address that equals the offset modulo 2 MiB. Space is taken by
 * touching pages ahead of use through the mapping (MADV_POPULATE_WRITE), and
 * given back through it (MADV_REMOVE), so no descriptor is needed: thousands
 * of kinds live under any limit, and a daemon that closes all descriptors
 * harms nobody. The descriptor is kept only where fork must map the file
 * again, or touching a page does not take its space; it is checked before each
 * use. A directory whose file system may have no space for a page that had it
 * once is refused, unless the spec trusts it: then as much is done as can be.
 *
 * A file of a hugetlbfs is cut, mapped, backed and given back in whole huge
 * pages, which are the source's grain; its handle's page is as large.
 *
 * Called by source.c and fork.c under the source's lock.
 */
#include <errno.h>

#include "source/stretch.h"

/* From this size on, a span takes space without touching its pages, where a
 * descriptor is at hand: its owner may never touch them all. */
#define SPAN_UNTOUCHED (2 * MIB)

bool
file_is_ours(const struct stretch *stretch)
{
	struct os_file_id id;

	return stretch->fd >= 0 && os_file_id(stretch->fd, &id) == 0 &&
	    id.device == stretch->id.device && id.inode == stretch->id.inode;
}

/* Keeps the descriptor if the source needs it, else closes it. */
static void
keep_or_close(struct source *source, struct stretch *stretch, int fd)
{
	bool touch_takes = stretch->file_system->touch_takes &&
	    os_populate(stretch->base, 0) != ENOSYS;
	bool keep = source->spec->keep_file ||
	    (!source->spec->reserve && !touch_takes);

	if (keep && os_file_id(fd, &stretch->id) == 0)
		stretch->fd = os_move_high(fd);
	else
		os_close(fd);
}

static int
file_open(struct source *source, struct stretch *stretch)
{
	const struct spec *spec = source->spec;
	size_t size = stretch->bytes - stretch->head;
	void *base;
	int fd, error;

	error = os_open_unlinked(spec->path, &fd);
	if (error != 0)
		return error;
	stretch->file_system = os_file_system(fd);
	if (!stretch->file_system->keeps_space && !spec->trust)
		error = EOPNOTSUPP;
	if (error == 0)
		error = os_set_length(fd, (off_t)stretch->bytes);
	if (error == 0 && spec->reserve)
		error = os_take_space(fd, (off_t)stretch->head, (off_t)size);
	if (error != 0)
		goto no_file;
	error = os_reserve_above(spec->hint, stretch->bytes,
	    max_size(spec->alignment, max_size(source->grain, 2 * MIB)),
	    &base);
	if (error != 0)
		goto no_file;
	error = os_map_file((char *)base + stretch->head, size, fd,
	    (off_t)stretch->head, false);
	if (error != 0)
		goto no_mapping;
	stretch->base = base;
	keep_or_close(source, stretch, fd);
	return 0;

no_mapping:
	os_unreserve(base, stretch->bytes);
no_file:
	os_close(fd);
	return error;
}

static void
file_close(struct stretch *stretch)
{
	if (file_is_ours(stretch))
		os_close(stretch->fd);
	os_unreserve(stretch->base, stretch->bytes);
}

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
file_back(struct stretch *stretch, size_t offset, size_t bytes)
{
	const struct spec *spec = stretch->source->spec;
	int error = ENOSYS;

	if (spec->reserve)
		return 0;
	if (is_touched(stretch, bytes))
		error = os_populate(stretch->base + offset, bytes);
	if (error != ENOSYS)
		return error;
	if (file_is_ours(stretch))
		return os_take_space(stretch->fd, (off_t)offset, (off_t)bytes);
	return spec->trust && !stretch->private ?
	    os_populate(stretch->base + offset, bytes) :
	    ENOMEM;
}

/* A private mapping gives back its copies alone, since a
 * hole would take pages from under the other process. */
static int
file_unback(struct stretch *stretch, size_t offset, size_t bytes)
{
	if (stretch->private) {
		os_discard(stretch->base + offset, bytes);
		return EBUSY;
	}
	return os_punch(stretch->base + offset, bytes);
}

const struct stretch_ops file_ops = {
	.open = file_open,
	.close = file_close,
	.back = file_back,
	.unback = file_unback,
	.ahead = true,
	.reads_zero = true,
};
