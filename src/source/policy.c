/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy.c - the memory policies of a segment of anonymous memory. See
 * policy.h.
 *
 * Most are set for the whole segment when it is opened, and stay. A source that
 * binds to nodes is different, since under MPOL_BIND the kernel ends a process
 * that asks a full node for one page more, where an allocation is to give NULL.
 * So its addresses are bound, which is what the kernel then tells of a block,
 * except while their pages are taken or copied:
 *
 * - a span that is committed has "preferred" until its pages are known to lie
 *   on the nodes (anon.c);
 * - from a fork on, when parent and child copy a page as soon as they write to
 *   it, all that had been handed out has "preferred" in both, until its pages
 *   are given back and others taken.
 *
 * The states of a range of a source that binds, and what leads on:
 *
 *                     policy        bound   next
 *   new, never used   MPOL_BIND     yes     committed
 *   being committed   "preferred"   no      verified: bound; or failed: bound
 *   in a span         MPOL_BIND     yes     freed; a fork
 *   after a fork      "preferred"   no      freed and committed anew: bound
 *   being moved       "preferred"   yes     its pages are there: bound; or not
 *                                           all of them: as after a fork
 *   free              either        either  committed
 *
 * A span whose pages are to come at the first touch (anon.c) is bound before it
 * is handed out, and is not "preferred" in between. Free ranges stay as they
 * are, since nobody touches them. segment->bound says which granules are bound.
 * While the segment is being moved (move.c) it says which are to be bound
 * again, and nothing is believed to be bound because it is entered so
 * (unsettled).
 * What lies side by side and has one policy is one mapping of the kernel; so a
 * segment that is bound throughout is a few of them, and each run of bound
 * granules is at most two ends of mappings more. All runs of the process
 * together are kept near RUNS_MAX: above it nothing is bound that does not
 * touch a run that there is.
 *
 * Nodes come and go, and the kernel changes the masks of those policies that
 * bind and interleave whenever one does, also where it is none of theirs: by
 * order, so that what was bound to node 7 is bound to node 0 afterwards, and
 * stays so. Here they are told to stay (os_set_policy()): the kernel then takes
 * what of the mask is there, and all nodes where none is. A kind opens with all
 * its nodes; from then on it makes do with those that are left, and what only
 * prefers others takes pages anywhere while all of them are away (lacks_nodes).
 * What has none of the nodes that it is bound to gets no pages: nodes.c.
 *
 * What may fail: opening, with the number that os_set_policy() gives; binding
 * again, after which the range is "preferred" and its pages are right all the
 * same; making it "preferred", after which some of it may be bound still.
 */
#include "source/policy.h"

#include <errno.h>

#include "base/bits.h"

#define SLICE_MIN (2 * MIB)
#define SLICES_MAX 4096

/* How long what the nodes have free is believed. */
#define ROOM_MS 100

/* A process may have 65530 mappings (vm.max_map_count), most of which are for
 * the program. */
#define RUNS_MAX 8192

static _Atomic size_t runs; /* of bound granules, in all segments */

/* A source that was moved keeps its policy, on other nodes. Where its spec has
 * none it prefers these; and weights of its own, which are for the nodes that
 * it names, are equal. */
static enum os_policy
mode_of(const struct source *source)
{
	const struct spec *spec = source->spec;
	static const enum os_policy mode[] = {
		[SPEC_BIND] = OS_BIND,
		[SPEC_PREFERRED] = OS_PREFERRED,
		[SPEC_PREFERRED_MANY] = OS_PREFERRED_MANY,
		[SPEC_INTERLEAVE] = OS_INTERLEAVE,
		[SPEC_WEIGHTED] = OS_WEIGHTED_INTERLEAVE,
		[SPEC_POLICY_LOCAL] = OS_LOCAL,
	};

	if (source->is_moved && !spec_has_nodes(spec))
		return OS_PREFERRED;
	if (source->is_moved && spec->weights[0] != 0 && !spec->weights_by_page)
		return OS_INTERLEAVE;
	return mode[spec->policy];
}

static int
set_on_nodes(struct segment *segment, size_t offset, size_t bytes,
    enum os_policy mode, const uint64_t *nodes)
{
	return os_set_policy(segment->base + offset, bytes, mode,
	    !segment->source->spec->plain_policy, nodes, SPEC_NODES_MAX);
}

/* That none of the nodes is there was seen before anything was changed. */
static bool
is_unchanged(int error)
{
	return os_is_refused(error) || error == EINVAL;
}

/* The policy MODE on the nodes of the source, and their home if it has one. A
 * home that went is passed over (EINVAL): opening looked for it. */
static int
set_mode(
    struct segment *segment, size_t offset, size_t bytes, enum os_policy mode)
{
	const struct spec *spec = segment->source->spec;
	const uint64_t *nodes = source_nodes(segment->source);
	int error = set_on_nodes(segment, offset, bytes, mode, nodes);

	if (error == 0 && spec->home_given &&
	    bits_count(nodes, 0, SPEC_NODES_MAX) > 1) {
		error = os_set_home(segment->base + offset, bytes, spec->home);
		error = error == EINVAL ? 0 : error;
	}
	return error;
}

static size_t
slice_of(const struct segment *segment)
{
	return align_up(
	    max_size(segment->bytes / SLICES_MAX, SLICE_MIN), SLICE_MIN);
}

/*
 * Weights of the kind's own, which the kernel does not know (those of
 * MPOL_WEIGHTED_INTERLEAVE are the system's): the segment is divided into
 * slices, so many in a row for a node as its weight says, and each such row
 * prefers its node. A slice is 2 MiB, or so much that there are SLICES_MAX at
 * most, which keeps mappings few. "Preferred" rather than bound, as with the
 * kernel's own interleaving, where a full node is passed over, too. While a
 * node is away its slices prefer any of the others.
 */
static int
set_weights(struct segment *segment)
{
	const struct spec *spec = segment->source->spec;
	size_t slice = slice_of(segment);
	size_t offset = 0, i = 0, node = 0;
	int error = 0;

	while (offset < segment->bytes && error == 0) {
		uint64_t mask[SPEC_NODES_MAX / 64] = { 0 };
		size_t bytes = min_size(
		    slice * spec->weights[i], segment->bytes - offset);

		node = bits_find(spec->nodes, node, SPEC_NODES_MAX, true);
		bits_fill(mask, node, node + 1, true);
		error = set_on_nodes(
		    segment, offset, bytes, OS_PREFERRED, mask);
		if (error == EINVAL)
			error = set_on_nodes(
			    segment, offset, bytes, OS_PREFERRED, spec->nodes);
		offset += bytes;
		node++;
		if (++i == SPEC_WEIGHTS_MAX || spec->weights[i] == 0)
			i = node = 0;
	}
	return error;
}

int
policy_place(const struct segment *segment, size_t offset)
{
	const uint8_t *weights = segment->source->spec->weights;
	size_t round = 0, at;
	int place = 0;

	for (size_t i = 0; i < SPEC_WEIGHTS_MAX && weights[i] != 0; i++)
		round += weights[i];
	if (round == 0 || segment->source->is_moved)
		return -1;
	for (at = offset / slice_of(segment) % round; at >= weights[place];
	     place++)
		at -= weights[place];
	return place;
}

/* Whether transparent huge pages are to be kept away. On a system that makes
 * all memory huge, pages that go to nodes in turn would do so 2 MiB at a time,
 * and those with a home node would come, in Linux 6.1, from the node of the
 * thread that touches them. */
static bool
wants_small_pages(const struct spec *spec)
{
	return spec->page <= SPEC_PAGE_BASE &&
	    (spec->policy == SPEC_INTERLEAVE || spec->policy == SPEC_WEIGHTED ||
		spec->home_given);
}

size_t
policy_slice(const struct source *source)
{
	const struct spec *spec = source->spec;

	if (spec_is_anonymous(spec) && spec->page <= SPEC_PAGE_THP &&
	    wants_small_pages(spec) &&
	    (spec->weights[0] == 0 || spec->weights_by_page))
		return PAGE_BYTES;
	return max_size(source->granule, SLICE_MIN);
}

bool
spec_binds(const struct spec *spec)
{
	return spec_is_anonymous(spec) && spec_has_nodes(spec) &&
	    spec->policy == SPEC_BIND && spec->page <= SPEC_PAGE_THP;
}

/* How many runs of bound granules there are from granule FROM to END - 1. */
static size_t
count_runs(const struct segment *segment, size_t from, size_t end)
{
	const struct page_set *bound = &segment->bound;
	size_t count = 0;

	while ((from = page_set_find(bound, from, end, true)) < end) {
		from = page_set_find(bound, from, end, false);
		count++;
	}
	return count;
}

/* Notes that granules FROM to END - 1 are bound from now on, or are not, and by
 * how much that changes the number of runs: counted before and after, with a
 * granule on either side, as runs join there or are cut. The difference may be
 * negative; it wraps around, and so does the sum, to the right number. */
static void
note_bound(struct segment *segment, size_t from, size_t end, bool is_bound)
{
	size_t low = from == 0 ? 0 : from - 1;
	size_t high = min_size(end + 1, segment->bound.pages);
	size_t before = count_runs(segment, low, high);

	page_set_fill(&segment->bound, from, end, is_bound);
	atomic_fetch_add(&runs, count_runs(segment, low, high) - before);
}

bool
policy_is_strict(const struct source *source)
{
	return spec_has_nodes(source->spec) &&
	    source->spec->policy == SPEC_BIND &&
	    spec_is_anonymous(source->spec);
}

static bool
has_all_nodes(const struct source *source)
{
	return os_missing_node(source_nodes(source), SPEC_NODES_MAX) ==
	    SPEC_NODES_MAX;
}

/* The policy of a whole segment that is not bound, where the source has nodes:
 * of those that are there; if none is, its pages may come from anywhere. */
static int
set_not_bound(struct segment *segment)
{
	const struct source *source = segment->source;
	int error;

	segment->lacks_nodes = !has_all_nodes(source);
	if (source->spec->weights[0] != 0 && !source->spec->weights_by_page &&
	    !source->is_moved)
		error = set_weights(segment);
	else
		error = set_mode(segment, 0, segment->bytes, mode_of(source));
	return error == EINVAL && !policy_is_strict(source) ? 0 : error;
}

void
policy_set_again(struct segment *segment)
{
	if (has_all_nodes(segment->source))
		set_not_bound(segment);
}

/*
 * Sets the policy of a whole new segment. 0, or the error number: EINVAL for a
 * node that is missing when the source is opened, or for all of them, ENOSYS
 * for a policy that the kernel does not have, or what a sandbox answers.
 *
 * If mbind(2) was refused only after the source was opened, further segments of
 * one that binds are made without a policy: commit_now() in anon.c then finds
 * where pages are, moves them or fails, so that what is handed out lies on the
 * nodes.
 */
int
policy_open(struct segment *segment)
{
	const struct source *source = segment->source;
	const struct spec *spec = source->spec;
	int error;

	segment->moves = source->moves;
	if (!source_has_nodes(source))
		return spec->policy == SPEC_POLICY_LOCAL ?
		    set_on_nodes(segment, 0, segment->bytes, OS_LOCAL, NULL) :
		    0;
	if (source->first == NULL && !source->is_moved &&
	    !has_all_nodes(source))
		return EINVAL;
	error = spec_binds(spec) ?
	    set_mode(segment, 0, segment->bytes, mode_of(source)) :
	    set_not_bound(segment);
	if (wants_small_pages(spec))
		os_advise_huge(segment->base, segment->bytes, false);
	if (error == 0 && spec_binds(spec))
		note_bound(segment, 0, segment->bound.pages, true);
	return os_is_refused(error) && spec_binds(spec) &&
		segment->source->first != NULL ?
	    0 :
	    error;
}

void
policy_close(struct segment *segment)
{
	if (spec_binds(segment->source->spec))
		note_bound(segment, 0, segment->bound.pages, false);
}

/* For a range that was mapped anew, and so lost its policy. One that binds
 * becomes "preferred": it has no pages, and is bound when it gets some. */
int
policy_open_anew(struct segment *segment, size_t offset, size_t bytes)
{
	size_t granule = segment->source->granule;
	int error;

	if (!spec_binds(segment->source->spec))
		return policy_open(segment);
	note_bound(
	    segment, offset / granule, (offset + bytes) / granule, false);
	error = set_mode(segment, offset, bytes, OS_PREFERRED);
	return os_is_refused(error) ? 0 : error;
}

bool
policy_is_bound(const struct segment *segment, size_t offset, size_t bytes)
{
	size_t granule = segment->source->granule;
	size_t end = (offset + bytes) / granule;

	return page_set_find(&segment->bound, offset / granule, end, false) ==
	    end;
}

/*
 * Binds a range; false if that cannot be: the range would be one more run above
 * RUNS_MAX, or mbind(2) fails. The kernel applies mbind(2) mapping by mapping,
 * and has to split some; where it runs out of mappings in the midst of that, a
 * part of the range is bound already. So "preferred" is set again, for all of
 * it: what is not entered as bound must not be, or a touch of it could end the
 * process. That joins what was split. If it fails, too, nobody knows what the
 * range is, and all of it is entered as bound, so that policy_prefer() does not
 * pass over it; and from then on nothing of the segment is believed to be bound
 * because it is entered so. Where mbind(2) is refused nothing changed.
 */
bool
policy_bind(struct segment *segment, size_t offset, size_t bytes)
{
	size_t granule = segment->source->granule,
	       granules = segment->bound.pages;
	size_t from = offset / granule, end = (offset + bytes) / granule;
	size_t low = from == 0 ? 0 : from - 1;
	int error;

	if (!segment->bound_unsure && !segment->unsettled &&
	    policy_is_bound(segment, offset, bytes))
		return true;
	if (atomic_load(&runs) >= RUNS_MAX &&
	    count_runs(segment, low, min_size(end + 1, granules)) == 0)
		return false;
	if (set_mode(segment, offset, bytes, OS_BIND) == 0) {
		note_bound(segment, from, end, true);
		return true;
	}
	error = set_mode(segment, offset, bytes, OS_PREFERRED);
	if (!is_unchanged(error)) {
		note_bound(segment, from, end, error != 0);
		segment->bound_unsure |= error != 0;
	}
	return false;
}

/* Makes a range "preferred"; nothing to do, and no system call, where none of
 * its granules is bound. On failure the range counts as bound still, though a
 * part of it may not be. */
int
policy_prefer(struct segment *segment, size_t offset, size_t bytes)
{
	size_t granule = segment->source->granule;
	size_t from = offset / granule, end = (offset + bytes) / granule;
	int error;

	if (page_set_find(&segment->bound, from, end, true) == end)
		return 0;
	error = set_mode(segment, offset, bytes, OS_PREFERRED);
	if (error == 0)
		note_bound(segment, from, end, false);
	else if (!is_unchanged(error))
		segment->bound_unsure = true;
	return error;
}

/* Where the spec has no nodes the policy is what it was before the source was
 * moved. */
int
policy_move(struct segment *segment)
{
	const struct spec *spec = segment->source->spec;

	segment->moves = segment->source->moves;
	if (!source_has_nodes(segment->source))
		return set_on_nodes(segment, 0, segment->bytes,
		    spec->policy == SPEC_POLICY_LOCAL ? OS_LOCAL : OS_DEFAULT,
		    NULL);
	if (spec_is_anonymous(spec) && !spec_binds(spec))
		return policy_open(segment);
	segment->unsettled = spec_binds(spec);
	return set_mode(segment, 0, segment->bytes, OS_PREFERRED);
}

/* What is "preferred" from a fork on stays so. A range of which not all lies on
 * the nodes becomes so: it is right all the same, as after a fork. */
void
policy_settle(struct segment *segment, size_t offset, size_t bytes, bool good)
{
	size_t granule = segment->source->granule;
	size_t end = (offset + bytes) / granule, from = offset / granule, stop;

	while ((from = page_set_find(&segment->bound, from, end, true)) < end) {
		stop = page_set_find(&segment->bound, from, end, false);
		if (!good)
			note_bound(segment, from, stop, false);
		else
			policy_bind(
			    segment, from * granule, (stop - from) * granule);
		from = stop;
	}
}

void
policy_settled(struct segment *segment)
{
	segment->unsettled = false;
}

void
policy_follow(struct segment *segment)
{
	if (likely(segment->moves == segment->source->moves))
		return;
	policy_move(segment);
	if (spec_binds(segment->source->spec)) {
		policy_settle(segment, 0, segment->bytes, true);
		policy_settled(segment);
	}
}

/* It is read from sysfs, and so kept for ROOM_MS, but read again before the
 * answer is no. Where sysfs cannot be read nobody knows, and nothing is
 * refused. */
uint64_t
policy_room(struct source *source, size_t bytes)
{
	uint64_t now = os_now_ms();

	if (source->room < bytes || now - source->room_read >= ROOM_MS) {
		if (os_free_on_nodes(source_nodes(source), SPEC_NODES_MAX,
			&source->room) != 0)
			source->room = UINT64_MAX;
		source->room_read = now;
	}
	return source->room;
}

int
policy_check_room(struct source *source, size_t bytes)
{
	if (policy_room(source, bytes) < bytes)
		return ENOMEM;
	source->room -= bytes;
	return 0;
}

/* After a fork each of the two processes copies a page when it writes to it,
 * which takes a new page: on a full node MPOL_BIND would end one of them, for a
 * write to memory that it has. A failure is passed over: such a write may then
 * end so, but fork(2) cannot be refused for it. */
void
policy_prefork(struct source *source)
{
	if (!spec_binds(source->spec))
		return;
	source->forks++;
	for (struct segment *s = source->first; s != NULL; s = s->next)
		policy_prefer(s, 0, s->bytes);
}
