/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * device.c - a stretch that is a DAX device, or a part of one.
 *
 * The device's memory is there, and nobody else's: a lock on the open file
 * keeps other processes away, for as long as this one has it mapped, although
 * the descriptor is closed at once. Nothing is known of its content.
 *
 * Called by source.c under the source's lock. Opening fails with EBUSY where
 * another process has the device, else as open(2) and mmap(2) do.
 */
#include "source/stretch.h"

static int
device_open(struct source *source, struct stretch *stretch)
{
	void *base;
	int fd, error;

	error = os_open_device(source->spec->path, &fd);
	if (error != 0)
		return error;
	error = os_reserve(
	    stretch->bytes, stretch->bytes >= 2 * GIB ? GIB : 2 * MIB, &base);
	if (error == 0) {
		error = os_map_file(base, stretch->bytes, fd,
		    (off_t)source->spec->offset, false);
		stretch->base = base;
		if (error == 0)
			error = stretch_keep_back(stretch);
		if (error != 0)
			os_unreserve(base, stretch->bytes);
	}
	os_close(fd);
	return error;
}

static void
device_close(struct stretch *stretch)
{
	if (!stretch_is_lost(stretch))
		os_unreserve(stretch->base, stretch->bytes);
}

const struct stretch_ops device_ops = {
	.open = device_open,
	.close = device_close,
	.back = memory_is_there,
	.unback = memory_is_there,
	.ahead = false,
	.reads_zero = false,
};
