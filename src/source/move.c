/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * move.c - pages that go to other nodes, while they are in use. See source.h.
 *
 * First the source is placed: its nodes change, and with them the policy of
 * each segment, so that every page that is taken from here on comes from the
 * new ones. Both happen under the list's lock and the source's, so nothing is
 * handed out with the old policy afterwards: what is committed reads the nodes
 * under the source's lock, and a segment that another thread was making gets
 * its policy anew when it is appended (policy_follow()). Then the pages that
 * there are follow, piece by piece, and other threads use the source in
 * between. A piece that was given back meanwhile, and taken again, is on the
 * new nodes already, so it does not matter which of the two is met.
 *
 * Where the source binds to nodes the lock is held while a piece moves, as its
 * policy changes before and after: "preferred" until its pages lie on the nodes
 * (policy.c), lest a touch of a full node end the process. Pages that come at
 * the first touch are compared with what the nodes have free, as when a span is
 * handed out (anon.c). Other sources' pages move without the lock: their
 * addresses stay mapped as long as the source is open.
 *
 * Owns nothing. Placing fails with an error number, and the source is where it
 * was; moving leaves pages where they were and says why.
 */
#include <errno.h>

#include "base/bits.h"
#include "os/records.h"
#include "source/nodes.h"
#include "source/policy.h"
#include "source/registry.h"
#include "source/segment.h"

/* What moves while the lock is held. A transparent huge page is counted right
 * as a whole alone. */
#define MOVE_BYTES (2 * MIB)

/* ---- Where pages are taken from now on ----------------------------------- */

static int
place_segments(struct source *source)
{
	int error = 0;

	source->moves++;
	source->room = source->room_read = 0;
	for (struct segment *s = source->first; s != NULL && error == 0;
	     s = s->next)
		error = policy_move(s);
	return error;
}

static void
set_nodes(struct source *source, const uint64_t *nodes)
{
	source->is_moved = nodes != NULL;
	if (nodes != NULL)
		__builtin_memcpy(source->moved_to, nodes, SPEC_NODES_MAX / 8);
}

/* Under both locks. The policies are set again where one of them fails: what
 * that answers does not matter, as pages are moved or refused all the same. */
static int
place(struct source *source, const uint64_t *nodes)
{
	uint64_t before[SPEC_NODES_MAX / 64];
	bool was_moved = source->is_moved;
	int error;

	if (nodes != NULL && source->moved_to == NULL)
		source->moved_to = record_new(SPEC_NODES_MAX / 8);
	if (nodes != NULL && source->moved_to == NULL)
		return ENOMEM;
	__builtin_memcpy(before, source_nodes(source), sizeof(before));
	set_nodes(source, nodes);
	error = place_segments(source);
	if (error != 0) {
		set_nodes(source, was_moved ? before : NULL);
		place_segments(source);
	}
	return error;
}

int
source_place(struct source *source, const uint64_t *nodes)
{
	int error;

	lock_take(&sources_lock);
	lock_take(&source->lock);
	error = place(source, nodes);
	lock_give(&source->lock);
	lock_give(&sources_lock);
	atomic_fetch_add(&source->account->freed, 1);
	return error;
}

bool
source_add_nodes(struct source *source, uint64_t *nodes)
{
	bool is_moved;

	lock_take(&source->lock);
	is_moved = source->is_moved;
	for (size_t i = 0; i < SPEC_NODES_MAX / 64; i++)
		nodes[i] |= source_nodes(source)[i];
	lock_give(&source->lock);
	return is_moved;
}

const char *
source_not_movable(const struct source *source)
{
	const struct segment *first = source->first;

	switch (source->spec->source) {
	case SPEC_REGION:
		return "a region, which is its owner's to move "
		       "(move_pages(2))";
	case SPEC_DAX:
		return "the memory of a device, which has no other place";
	case SPEC_FILE:
		if (first != NULL && first->file_system->on_nodes)
			return NULL;
		return "a file, and only those in a tmpfs or a hugetlbfs "
		       "have pages that go to nodes";
	default:
		return NULL;
	}
}

/* ---- The pages that there are -------------------------------------------- */

/* Pages that are moved whole; where huge ones are transparent the kernel knows
 * which are. */
size_t
source_huge_page(const struct source *source)
{
	return source_has_huge_pages(source) &&
		source->spec->page != SPEC_PAGE_THP ?
	    source->granule :
	    0;
}

/* Whether the nodes have room for what is absent, besides all that was absent
 * before: none of it has taken any yet. What was moved has. Where they have
 * not, all of the source is "preferred", as after a fork: else pages that are
 * preferred would take those of others that are bound. */
static bool
promise(struct source *source, const struct os_moved *moved,
    struct source_moving *moving)
{
	size_t absent = moving->promised + moved->absent;

	source->room -= source->room < moved->moved ? source->room :
						      moved->moved;
	if (moved->absent == 0)
		return true;
	if (!moving->is_short && policy_room(source, absent) < absent) {
		moving->is_short = true;
		policy_prefork(source);
	}
	moving->promised = absent;
	return !moving->is_short;
}

/* Moves a committed range. Returns whether all of it lies on the nodes, or will
 * when it is touched. What has no page yet and would find none there counts as
 * what could not be moved; only where the source binds is anything promised of
 * it. */
static bool
move_range(struct source *source, char *from, size_t bytes,
    const uint64_t *nodes, struct source_moving *moving)
{
	struct os_moved moved = { 0 };
	bool good = moving->error == 0;

	if (good)
		moving->error = os_move_pages(0, from, bytes,
		    source_huge_page(source), policy_slice(source), nodes,
		    SPEC_NODES_MAX, &moved);
	if (spec_binds(source->spec) && !promise(source, &moved, moving)) {
		moved.full += moved.absent;
		moved.absent = 0;
	}
	moving->moved.moved += moved.moved;
	moving->moved.there += moved.there;
	moving->moved.full += moved.full;
	moving->moved.shared += moved.shared;
	moving->moved.busy += moved.busy;
	moving->moved.absent += moved.absent;
	return good && moving->error == 0 && os_stayed(&moved) == 0;
}

/* The run of granules that begins where MOVING is: committed, and no longer
 * than a piece, or not committed. Returns where it ends. */
static size_t
end_of_run(const struct source_moving *moving, bool *committed)
{
	const struct segment *segment = moving->segment;
	const struct page_set *set = &segment->committed;
	size_t from = moving->granule, granule = segment->source->granule;
	uintptr_t base = (uintptr_t)segment->base;
	size_t end, piece;

	*committed = page_set_find(set, from, from + 1, true) == from;
	end = page_set_find(set, from, segment->bytes / granule, !*committed);
	if (!*committed)
		return end;
	piece = align_down(base + from * granule, MOVE_BYTES) + MOVE_BYTES -
	    base;
	return min_size(end, max_size(piece / granule, from + 1));
}

static void
move_run(struct source *source, struct source_moving *moving)
{
	struct segment *segment = moving->segment;
	uint64_t nodes[SPEC_NODES_MAX / 64];
	bool binds = spec_binds(source->spec), committed, good = true;
	size_t offset = moving->granule * source->granule, bytes;

	lock_take(&source->lock);
	moving->granule = end_of_run(moving, &committed);
	bytes = moving->granule * source->granule - offset;
	__builtin_memcpy(nodes, source_nodes(source), sizeof(nodes));
	nodes_keep_there(nodes);
	if (committed && binds)
		good = move_range(
		    source, segment->base + offset, bytes, nodes, moving);
	if (binds)
		policy_settle(segment, offset, bytes, good);
	lock_give(&source->lock);
	if (committed && !binds)
		move_range(
		    source, segment->base + offset, bytes, nodes, moving);
}

static bool
is_at_end(const struct source_moving *moving)
{
	return moving->segment == NULL ||
	    moving->granule ==
	    moving->segment->bytes / moving->segment->source->granule;
}

static void
end_segment(struct source *source, struct segment *segment)
{
	lock_take(&source->lock);
	policy_settled(segment);
	lock_give(&source->lock);
}

bool
source_move_some(struct source *source, struct source_moving *moving)
{
	while (is_at_end(moving)) {
		if (moving->segment != NULL)
			end_segment(source, moving->segment);
		moving->segment = next_segment_of(source, moving->segment);
		moving->granule = 0;
		if (moving->segment == NULL)
			return false;
	}
	if (!spec_binds(source->spec) &&
	    (!source_has_nodes(source) || moving->error != 0))
		return false;
	move_run(source, moving);
	return true;
}

char *
source_move_range(struct source *source, char *from, char *end,
    const uint64_t *nodes, struct source_moving *moving)
{
	size_t page = source_huge_page(source),
	       least = max_size(page, PAGE_BYTES);
	char *low = (char *)align_down((uintptr_t)from, least);
	char *high = (char *)align_up((uintptr_t)end, least);

	end = (char *)align_down((uintptr_t)low, MOVE_BYTES) +
	    max_size(MOVE_BYTES, least);
	high = high < end ? high : end;
	moving->error = os_move_pages(0, low, (size_t)(high - low), page,
	    policy_slice(source), nodes, SPEC_NODES_MAX, &moving->moved);
	return high;
}
