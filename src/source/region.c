/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * region.c - a stretch on memory that the caller owns.
 *
 * The caller mapped it and keeps it mapped: there is nothing to take and
 * nothing to give back, and nothing is known of its content.
 *
 * Called by source.c under the source's lock. Cannot fail.
 */
#include "source/stretch.h"

static int
region_open(struct source *source, struct stretch *stretch)
{
	stretch->base = source->region;
	return 0;
}

static void
region_close(struct stretch *stretch)
{
	(void)stretch;
}

static int
region_back(struct stretch *stretch, size_t offset, size_t bytes)
{
	(void)stretch, (void)offset, (void)bytes;
	return 0;
}

const struct stretch_ops region_ops = {
	.open = region_open,
	.close = region_close,
	.back = region_back,
	.unback = region_back,
	.ahead = false,
	.reads_zero = false,
};
