/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * anon.c - stretches of anonymous memory, of any page size, on any nodes.
 *
 * Small pages follow the kernel's overcommit and first touch: backing them
 * only makes them readable, from the low end up, so that a stretch is two
 * mappings at most. Huge pages are taken when they are backed, because the
 * kernel would answer a shortage with SIGBUS later.
 *
 * A span on nodes that it is bound to has its pages on return, if there is one
 * node and the span is not too large; else it is compared with what the nodes
 * have free. The policies are policy.c's.
 *
 * Called by source.c under the source's lock.
 */
#include <errno.h>

#include "base/bits.h"
#include "source/memory.h"
#include "source/stretch.h"

#define PROMISE_MOST (64 * MIB) /* larger spans have their pages later */
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
		error = policy_open(stretch);
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
	return error == 0 ? policy_open_anew(stretch, offset, bytes) : error;
}

static void
anon_close(struct stretch *stretch)
{
	policy_close(stretch);
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

/* Before Linux 5.14, which can populate, by hand: the pages are new. */
static int
populate_piece(void *at, size_t bytes)
{
	int error = os_populate(at, bytes);

	if (error != ENOSYS)
		return error;
	for (size_t i = 0; i < bytes; i += PAGE_BYTES)
		((volatile char *)at)[i] = 0;
	return 0;
}

static int
populate(char *at, size_t bytes)
{
	return memory_fill(populate_piece, at, bytes);
}

static int
anon_back(struct stretch *stretch, size_t offset, size_t bytes)
{
	const struct spec *spec = stretch->source->spec;
	char *at = stretch->base + offset;
	int error;

	if (is_huge(stretch->source))
		return os_populate(at, bytes);
	error = make_usable(stretch, offset + bytes);
	return error == 0 && (spec->populate || spec->reserve) ?
	    populate(at, bytes) :
	    error;
}

/* Takes the pages now, as "preferred", and makes sure that all lie on the
 * nodes. Whoever may not change the policy any more takes them bound, if they
 * are free. */
static int
back_now(struct stretch *stretch, size_t offset, size_t bytes)
{
	const struct spec *spec = stretch->source->spec;
	char *at = stretch->base + offset;
	int error = policy_prefer(stretch, offset, bytes);

	if (os_is_refused(error))
		error = check_room(stretch->source, bytes);
	if (error != 0)
		return error;
	error = populate(at, bytes);
	if (error == 0)
		error = os_move_to_nodes(
		    at, bytes, spec->nodes, SPEC_NODES_MAX);
	/* Also where it failed, and none is handed out. */
	policy_bind(stretch, offset, bytes);
	return error;
}

/* Whether pages come when the program touches them. */
static bool
is_touched_first(const struct spec *spec, size_t bytes)
{
	return !spec->populate && !spec->reserve &&
	    (spec_count_nodes(spec) > 1 || bytes > PROMISE_MOST);
}

/* anon_back() of what is bound to nodes. */
static int
bound_back(struct stretch *stretch, size_t offset, size_t bytes)
{
	int error = make_usable(stretch, offset + bytes);

	if (error != 0 || !is_touched_first(stretch->source->spec, bytes))
		return error != 0 ? error : back_now(stretch, offset, bytes);
	error = check_room(stretch->source, bytes);
	if (error != 0 || policy_bind(stretch, offset, bytes))
		return error;
	return back_now(stretch, offset, bytes);
}

static int
anon_unback(struct stretch *stretch, size_t offset, size_t bytes)
{
	int error = os_discard(stretch->base + offset, bytes);

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

const struct stretch_ops bound_ops = {
	.open = anon_open,
	.close = anon_close,
	.back = bound_back,
	.unback = anon_unback,
	.ahead = true,
	.reads_zero = true,
};
