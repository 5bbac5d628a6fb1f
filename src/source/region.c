/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * region.c - a stretch on memory that the caller owns.
 *
 * The caller mapped it and keeps it mapped: there is nothing to take and
 * nothing to give back, and nothing is known of its content.
 *
 * The handle's page is made unreadable where that can be done. It can't within a
 * huge page (MAP_HUGETLB, MFD_HUGETLB, a mapping of a DAX device): there, and
 * where the kernel refuses for another reason, the page stays as it is, kept
 * out of every span all the same.
 *
 * Called by source.c under the source's lock. Only opening can fail, where
 * nothing is mapped.
 */
#include <errno.h>

#include "base/annotate.h"
#include "source/stretch.h"

static int
region_open(struct source *source, struct stretch *stretch)
{
	(void)source;
	if (stretch->head != 0) {
		stretch->guarded = os_make_unusable(
				       stretch->base, stretch->head) == 0;
		if (!stretch->guarded &&
		    !os_is_mapped(stretch->base, stretch->head))
			return ENOMEM;
	}
	forks_watch();
	annotate_span(stretch->base, stretch->bytes, false);
	return 0;
}

static void
region_close(struct stretch *stretch)
{
	if (stretch->guarded)
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
