/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * device.c - a segment that is a DAX device, or a part of one.
 *
 * The device's memory is there, and nobody else's: a lock on the open file
 * keeps other processes away, for as long as this one has it mapped, although
 * the descriptor is closed at once. Nothing is known of its content.
 *
 * One that is longer than a segment can be has several, each of which maps what
 * follows the one before.
 *
 * Called by segment.c through the table of operations. Opening fails with EBUSY
 * where another process has the device, else as open(2) and mmap(2) do.
 */
#include "source/operations.h"
#include "source/withhold.h"

/*
 * Maps the device, or the part of it that the spec names, over a reservation.
 * Aligned to 1 GiB where it is large, so that the kernel can map it with its
 * largest pages. The descriptor is not needed afterwards: the mapping keeps the
 * open file, and with it the lock that flock(2) took. On failure the lock goes
 * with the descriptor, and nothing is mapped.
 */
static int
device_open(struct source *source, struct segment *segment)
{
	void *base;
	int fd, error;

	error = os_open_device(source->spec->path, source->first != NULL, &fd);
	if (error != 0)
		return error;
	error = os_reserve(
	    segment->bytes, segment->bytes >= 2 * GIB ? GIB : 2 * MIB, &base);
	if (error == 0) {
		error = os_map_file(base, segment->bytes, fd,
		    (off_t)(source->spec->offset + source->size), false);
		segment->base = base;
		if (error == 0)
			error = segment_withhold(segment);
		if (error != 0)
			os_unreserve(base, segment->bytes);
	}
	os_close(fd);
	return error;
}

static void
device_close(struct segment *segment)
{
	if (!segment_is_lost(segment))
		os_unreserve(segment->base, segment->bytes);
}

const struct segment_ops device_ops = {
	.open = device_open,
	.close = device_close,
	.commit = memory_is_there,
	.decommit = memory_is_there,
	.ahead = false,
	.reads_zero = false,
};
