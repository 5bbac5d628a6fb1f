/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * anon.c - segments of anonymous memory, of any page size, on any nodes.
 *
 * Small pages follow the kernel's overcommit and first touch: committing them
 * only makes them readable, from the low end up, so that a segment is two
 * mappings at most. Huge pages are taken when they are committed, because the
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
#include "source/segment.h"

#define PROMISE_MAX (64 * MIB) /* larger spans have their pages later */
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
set_advice(struct segment *segment)
{
	int error;

	if (segment->source->spec->page != SPEC_PAGE_THP)
		return 0;
	error = os_advise_huge(segment->base, segment->bytes, true);
	return os_is_refused(error) ? 0 : error;
}

static int
anon_open(struct source *source, struct segment *segment)
{
	void *base;
	int error;

	error = os_reserve(
	    segment->bytes, max_size(source->granule, 2 * MIB), &base);
	if (error != 0)
		return error;
	segment->base = base;
	if (is_huge(source))
		error = os_map_huge(base, segment->bytes, lg_page(source));
	else
		error = set_advice(segment);
	if (error == 0)
		error = policy_open(segment);
	if (error != 0)
		os_unreserve(base, segment->bytes);
	return error;
}

/* What the usual call does, which is refused: takes the range for usable memory
 * without pages, and gives that the policy of the rest. */
static int
map_anew(struct segment *segment, size_t offset, size_t bytes)
{
	int error = os_make_usable_anew(segment->base + offset, bytes);

	if (error == 0)
		error = set_advice(segment);
	return error == 0 ? policy_open_anew(segment, offset, bytes) : error;
}

static void
anon_close(struct segment *segment)
{
	policy_close(segment);
	os_unreserve(segment->base, segment->bytes);
}

/* Makes the segment readable up to OFFSET, and a little more. */
static int
make_usable(struct segment *segment, size_t offset)
{
	size_t end = min_size(align_up(offset, 2 * MIB), segment->bytes);
	int error;

	if (end <= segment->usable)
		return 0;
	error = os_make_usable(
	    segment->base + segment->usable, end - segment->usable);
	if (os_is_refused(error))
		error = map_anew(
		    segment, segment->usable, end - segment->usable);
	if (error == 0)
		segment->usable = end;
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
anon_commit(struct segment *segment, size_t offset, size_t bytes)
{
	const struct spec *spec = segment->source->spec;
	char *at = segment->base + offset;
	int error;

	if (is_huge(segment->source))
		return os_populate(at, bytes);
	error = make_usable(segment, offset + bytes);
	return error == 0 && (spec->populate || spec->reserve) ?
	    populate(at, bytes) :
	    error;
}

/* Takes the pages now, as "preferred", and makes sure that all lie on the
 * nodes. Whoever may not change the policy any more takes them bound, if they
 * are free. */
static int
back_now(struct segment *segment, size_t offset, size_t bytes)
{
	const struct spec *spec = segment->source->spec;
	char *at = segment->base + offset;
	int error = policy_prefer(segment, offset, bytes);

	if (os_is_refused(error))
		error = check_room(segment->source, bytes);
	if (error != 0)
		return error;
	error = populate(at, bytes);
	if (error == 0)
		error = os_move_to_nodes(
		    at, bytes, spec->nodes, SPEC_NODES_MAX);
	/* Also where it failed, and none is handed out. */
	policy_bind(segment, offset, bytes);
	return error;
}

/* Whether pages come when the program touches them. */
static bool
is_touched_first(const struct spec *spec, size_t bytes)
{
	return !spec->populate && !spec->reserve &&
	    (spec_count_nodes(spec) > 1 || bytes > PROMISE_MAX);
}

/* anon_commit() of what is bound to nodes. */
static int
bound_back(struct segment *segment, size_t offset, size_t bytes)
{
	int error = make_usable(segment, offset + bytes);

	if (error != 0 || !is_touched_first(segment->source->spec, bytes))
		return error != 0 ? error : back_now(segment, offset, bytes);
	error = check_room(segment->source, bytes);
	if (error != 0 || policy_bind(segment, offset, bytes))
		return error;
	return back_now(segment, offset, bytes);
}

static int
anon_decommit(struct segment *segment, size_t offset, size_t bytes)
{
	int error = os_discard(segment->base + offset, bytes);

	return os_is_refused(error) && !is_huge(segment->source) ?
	    map_anew(segment, offset, bytes) :
	    error;
}

const struct segment_ops anon_ops = {
	.open = anon_open,
	.close = anon_close,
	.commit = anon_commit,
	.decommit = anon_decommit,
	.ahead = false,
	.reads_zero = true,
};

const struct segment_ops bound_ops = {
	.open = anon_open,
	.close = anon_close,
	.commit = bound_back,
	.decommit = anon_decommit,
	.ahead = true,
	.reads_zero = true,
};
