/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * anon.c - stretches of anonymous memory, of any page size, on any nodes.
 *
 * Small pages follow the kernel's overcommit and first touch: backing them
 * only makes them readable, from the low end up, so that a stretch is two
 * mappings at most. Huge pages are taken when they are backed, because the
 * kernel would answer a shortage with SIGBUS later.
 *
 * Called by source.c under the source's lock.
 */
#include <errno.h>

#include "source/stretch.h"

static unsigned
lg_page(const struct source *source)
{
	return source->spec->page == SPEC_PAGE_1G ? 30 : 21;
}

static bool
is_huge(const struct source *source)
{
	return source->spec->page == SPEC_PAGE_2M ||
	    source->spec->page == SPEC_PAGE_1G;
}

static int
set_policy(struct stretch *stretch)
{
	static const enum os_policy mode_of[] = {
		[SPEC_BIND] = OS_BIND,
		[SPEC_PREFERRED] = OS_PREFERRED,
		[SPEC_INTERLEAVE] = OS_INTERLEAVE,
	};
	const struct spec *spec = stretch->source->spec;

	if (spec->source != SPEC_NODES)
		return 0;
	return os_set_policy(stretch->base, stretch->bytes,
	    mode_of[spec->policy], spec->nodes, SPEC_NODES_MAX);
}

static int
anon_open(struct source *source, struct stretch *stretch)
{
	void *base;
	int error;

	error = os_reserve(
	    stretch->bytes, max_size(source->grain, 2 * MIB), &base);
	if (error != 0)
		return error;
	stretch->base = base;
	if (is_huge(source))
		error = os_map_huge(base, stretch->bytes, lg_page(source));
	else if (source->spec->page == SPEC_PAGE_THP)
		error = os_advise_huge(base, stretch->bytes, true);
	if (error == 0)
		error = set_policy(stretch);
	if (error != 0)
		os_unreserve(base, stretch->bytes);
	return error;
}

static void
anon_close(struct stretch *stretch)
{
	os_unreserve(stretch->base, stretch->bytes);
}

static int
anon_back(struct stretch *stretch, size_t offset, size_t bytes)
{
	size_t end = min_size(
	    align_up(offset + bytes, 2 * MIB), stretch->bytes);
	int error;

	if (is_huge(stretch->source))
		return os_populate(stretch->base + offset, bytes);
	if (end > stretch->usable) {
		error = os_make_usable(
		    stretch->base + stretch->usable, end - stretch->usable);
		if (error != 0)
			return error;
		stretch->usable = end;
	}
	return stretch->source->spec->reserve ?
	    os_populate(stretch->base + offset, bytes) :
	    0;
}

static int
anon_unback(struct stretch *stretch, size_t offset, size_t bytes)
{
	return os_discard(stretch->base + offset, bytes);
}

const struct stretch_ops anon_ops = {
	.open = anon_open,
	.close = anon_close,
	.back = anon_back,
	.unback = anon_unback,
	.ahead = false,
	.reads_zero = true,
};
