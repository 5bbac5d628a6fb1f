/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * anon.c - stretches of anonymous memory, of any page size, on any nodes.
 *
 * Small pages follow the kernel's overcommit and first touch: backing them
 * only makes them readable, from the low end up, so that a stretch is two
 * mappings at most. Huge pages are taken when they are backed, because the
 * kernel would answer a shortage with SIGBUS later.
 *
 * A span on nodes that it is bound to has its pages on return (is_promised()),
 * if it is not too large. Their policy stays "preferred": bound, a full node
 * would be the end of the process when a page is copied after a fork.
 *
 * Called by source.c under the source's lock.
 */
#include <errno.h>

#include "base/bits.h"
#include "source/stretch.h"

#define PROMISE_MOST (64 * MIB) /* larger spans have their pages later */
#define SLICE_LEAST (2 * MIB)
#define SLICES_MOST 4096
#define ROOM_MS 100

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

/* Whether a shortage on the nodes is an answer and not the kernel's killer:
 * pages are taken as preferred there, and then must all be there. Under
 * MPOL_BIND the kernel kills whoever asks for one more. */
static bool
is_promised(const struct spec *spec)
{
	return spec_has_nodes(spec) && spec->policy == SPEC_BIND &&
	    spec->page <= SPEC_PAGE_THP &&
	    (spec->populate || spec->reserve || spec_count_nodes(spec) == 1);
}

static enum os_policy
policy_of(const struct spec *spec)
{
	static const enum os_policy mode_of[] = {
		[SPEC_BIND] = OS_BIND,
		[SPEC_PREFERRED] = OS_PREFERRED,
		[SPEC_PREFERRED_MANY] = OS_PREFERRED_MANY,
		[SPEC_INTERLEAVE] = OS_INTERLEAVE,
		[SPEC_WEIGHTED] = OS_WEIGHTED_INTERLEAVE,
		[SPEC_POLICY_LOCAL] = OS_LOCAL,
	};

	return is_promised(spec) ? OS_PREFERRED : mode_of[spec->policy];
}

static int
set_on_nodes(struct stretch *stretch, size_t offset, size_t bytes,
    enum os_policy mode, const uint64_t *nodes)
{
	return os_set_policy(
	    stretch->base + offset, bytes, mode, nodes, SPEC_NODES_MAX);
}

/* Weights of the kind's own: slices of the stretch, as many in a row as the
 * node's weight says, large enough that mappings stay few. */
static int
set_weights(struct stretch *stretch)
{
	const struct spec *spec = stretch->source->spec;
	size_t slice = align_up(
	    max_size(stretch->bytes / SLICES_MOST, SLICE_LEAST), SLICE_LEAST);
	size_t offset = 0, i = 0, node = 0;
	int error = 0;

	while (offset < stretch->bytes && error == 0) {
		uint64_t mask[SPEC_NODES_MAX / 64] = { 0 };
		size_t bytes = min_size(
		    slice * spec->weights[i], stretch->bytes - offset);

		node = bits_find(spec->nodes, node, SPEC_NODES_MAX, true);
		bits_fill(mask, node, node + 1, true);
		error = set_on_nodes(
		    stretch, offset, bytes, OS_PREFERRED, mask);
		offset += bytes;
		node++;
		if (++i == SPEC_WEIGHTS_MAX || spec->weights[i] == 0)
			i = node = 0;
	}
	return error;
}

/* Where the system makes all memory huge: pages that go to nodes in turn would
 * do so 2 MiB at a time, and those with a home node, in Linux 6.1, would come
 * from the toucher's node. */
static bool
wants_small_pages(const struct spec *spec)
{
	return spec->page == SPEC_PAGE_BASE &&
	    (spec->policy == SPEC_INTERLEAVE || spec->policy == SPEC_WEIGHTED ||
		spec->home_given);
}

static int
set_policy(struct stretch *stretch)
{
	const struct spec *spec = stretch->source->spec;
	int error;

	if (spec->policy == SPEC_POLICY_LOCAL)
		return set_on_nodes(stretch, 0, stretch->bytes, OS_LOCAL, NULL);
	if (!spec_has_nodes(spec))
		return 0;
	if (spec->weights[0] != 0)
		return set_weights(stretch);
	error = set_on_nodes(
	    stretch, 0, stretch->bytes, policy_of(spec), spec->nodes);
	if (wants_small_pages(spec))
		os_advise_huge(stretch->base, stretch->bytes, false);
	return error == 0 && spec->home_given && spec_count_nodes(spec) > 1 ?
	    os_set_home(stretch->base, stretch->bytes, spec->home) :
	    error;
}

/* Pages are as large as they are where nobody may advise. */
static int
set_advice(struct stretch *stretch)
{
	int error;

	if (stretch->source->spec->page != SPEC_PAGE_THP)
		return 0;
	error = os_advise_huge(stretch->base, stretch->bytes, true);
	return os_is_refused(error) ? 0 : error;
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
	else
		error = set_advice(stretch);
	if (error == 0)
		error = set_policy(stretch);
	if (error != 0)
		os_unreserve(base, stretch->bytes);
	return error;
}

/* What the usual call does, which is refused: takes the range for usable memory
 * without pages, and gives that the policy of the rest. */
static int
map_anew(struct stretch *stretch, size_t offset, size_t bytes)
{
	int error = os_make_usable_anew(stretch->base + offset, bytes);

	if (error == 0)
		error = set_advice(stretch);
	return error == 0 ? set_policy(stretch) : error;
}

static void
anon_close(struct stretch *stretch)
{
	os_unreserve(stretch->base, stretch->bytes);
}

/* Makes the stretch readable up to OFFSET, and a little more. */
static int
make_usable(struct stretch *stretch, size_t offset)
{
	size_t end = min_size(align_up(offset, 2 * MIB), stretch->bytes);
	int error;

	if (end <= stretch->usable)
		return 0;
	error = os_make_usable(
	    stretch->base + stretch->usable, end - stretch->usable);
	if (os_is_refused(error))
		error = map_anew(
		    stretch, stretch->usable, end - stretch->usable);
	if (error == 0)
		stretch->usable = end;
	return error;
}

/* Compares BYTES that are touched later with what the nodes have free, less
 * what was handed out since that was read. */
static int
check_room(struct source *source, size_t bytes)
{
	uint64_t now = os_now_ms();

	if (source->room < bytes || now - source->room_read >= ROOM_MS) {
		if (os_free_on_nodes(source->spec->nodes, SPEC_NODES_MAX,
			&source->room) != 0)
			return 0; /* nobody knows */
		source->room_read = now;
	}
	if (source->room < bytes)
		return ENOMEM;
	source->room -= bytes;
	return 0;
}

/* Hands out addresses whose pages come when they are touched. */
static int
back_later(struct stretch *stretch, size_t offset, size_t bytes)
{
	struct source *source = stretch->source;
	const struct spec *spec = source->spec;
	int error;

	if (!spec_has_nodes(spec) || spec->policy != SPEC_BIND)
		return 0;
	error = check_room(source, bytes);
	if (error == 0 && is_promised(spec)) {
		stretch->bound = true;
		error = set_on_nodes(
		    stretch, offset, bytes, OS_BIND, spec->nodes);
	}
	return error;
}

/* Before Linux 5.14, which can populate, by hand: the pages are new. */
static int
populate(char *at, size_t bytes)
{
	int error = os_populate(at, bytes);

	if (error != ENOSYS)
		return error;
	for (size_t i = 0; i < bytes; i += PAGE_BYTES)
		((volatile char *)at)[i] = 0;
	return 0;
}

static int
anon_back(struct stretch *stretch, size_t offset, size_t bytes)
{
	const struct spec *spec = stretch->source->spec;
	bool now = spec->populate || spec->reserve ||
	    (is_promised(spec) && bytes <= PROMISE_MOST);
	char *at = stretch->base + offset;
	int error;

	if (is_huge(stretch->source))
		return os_populate(at, bytes);
	error = make_usable(stretch, offset + bytes);
	if (error != 0)
		return error;
	if (!now)
		return back_later(stretch, offset, bytes);
	error = populate(at, bytes);
	return error == 0 && is_promised(spec) ?
	    os_move_to_nodes(at, bytes, spec->nodes, SPEC_NODES_MAX) :
	    error;
}

static int
anon_unback(struct stretch *stretch, size_t offset, size_t bytes)
{
	int error;

	if (stretch->bound)
		set_on_nodes(stretch, offset, bytes, OS_PREFERRED,
		    stretch->source->spec->nodes);
	error = os_discard(stretch->base + offset, bytes);
	return os_is_refused(error) && !is_huge(stretch->source) ?
	    map_anew(stretch, offset, bytes) :
	    error;
}

const struct stretch_ops anon_ops = {
	.open = anon_open,
	.close = anon_close,
	.back = anon_back,
	.unback = anon_unback,
	.ahead = false,
	.reads_zero = true,
};
