/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * region.c - a stretch on memory that the caller owns.
 *
 * The caller mapped it and keeps it mapped: there is nothing to take and
 * nothing to give back, and nothing is known of its content.
 *
 * Called by source.c under the source's lock. Only opening can fail, where the
 * handle's page cannot be protected.
 */
#include "base/annotate.h"
#include "source/stretch.h"

static int
region_open(struct source *source, struct stretch *stretch)
{
	(void)source;
	annotate_span(stretch->base, stretch->bytes, false);
	return stretch->head == 0 ?
	    0 :
	    os_make_unusable(stretch->base, stretch->head);
}

static void
region_close(struct stretch *stretch)
{
	if (stretch->head != 0)
		os_make_usable(stretch->base, stretch->head);
	annotate_given_back(stretch->base, stretch->bytes);
}

int
memory_is_there(struct stretch *stretch, size_t offset, size_t bytes)
{
	(void)stretch, (void)offset, (void)bytes;
	return 0;
}

const struct stretch_ops region_ops = {
	.open = region_open,
	.close = region_close,
	.back = memory_is_there,
	.unback = memory_is_there,
	.ahead = false,
	.reads_zero = false,
};
