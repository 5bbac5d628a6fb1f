/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * region.c - a segment on memory that the caller owns.
 *
 * The caller mapped it and keeps it mapped: there is nothing to take and
 * nothing to give back, and nothing is known of its content.
 *
 * The handle's page is made unreadable where that can be done. It can't within
 * a huge page (MAP_HUGETLB, MFD_HUGETLB, a mapping of a DAX device): there, and
 * where the kernel refuses for another reason, the page stays as it is, kept
 * out of every span all the same.
 *
 * Called by segment.c through the table of operations. Only opening can fail,
 * where nothing is mapped.
 */
#include <errno.h>

#include "base/annotate.h"
#include "source/operations.h"
#include "source/withhold.h"

static int
region_open(struct source *source, struct segment *segment)
{
	(void)source;
	if (segment->head != 0) {
		segment->guarded = os_make_unusable(
				       segment->base, segment->head) == 0;
		if (!segment->guarded &&
		    !os_is_mapped(segment->base, segment->head))
			return ENOMEM;
	}
	forks_watch();
	annotate_span(segment->base, segment->bytes, false);
	return 0;
}

static void
region_close(struct segment *segment)
{
	if (segment->guarded)
		os_make_usable(segment->base, segment->head);
	annotate_given_back(segment->base, segment->bytes);
}

/* Commits and decommits what is simply there. Nothing is taken away, so what
 * was decommitted still holds what it held; that .reads_zero is false makes its
 * pages dirty when they are committed again. */
int
memory_is_there(struct segment *segment, size_t offset, size_t bytes)
{
	(void)segment, (void)offset, (void)bytes;
	return 0;
}

const struct segment_ops region_ops = {
	.open = region_open,
	.close = region_close,
	.commit = memory_is_there,
	.decommit = memory_is_there,
	.ahead = false,
	.reads_zero = false,
};
