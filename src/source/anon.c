/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * anon.c - segments of anonymous memory, of any page size, on any nodes.
 *
 * Small pages follow the kernel's overcommit and first touch: committing them
 * only makes them readable, from the low end up, so that a segment is two
 * mappings at most. Huge pages are taken when they are committed, because the
 * kernel would answer a shortage with SIGBUS later.
 *
 * Where memory is bound to nodes, a full node must be a NULL, and not the end
 * of a process: under MPOL_BIND the kernel looks for a page on the nodes of the
 * mask alone, and where there is none it calls its OOM killer. So what is done
 * depends on how much is asked for:
 *
 *   one node, up to PROMISE_MAX   the pages are taken when the span is handed
 *                                 out, and verified: commit_now()
 *   several nodes, or more        they come at the first touch, so that each
 *                                 is on the node of the thread that touches it
 *                                 first, and a large span costs nothing before
 *                                 it is used; the span is compared with what
 *                                 the nodes have free: policy_check_room()
 *   populate= or reserve=         as in the first row, whatever the size
 *
 * The second row can be wrong: another process may take what was free before
 * the program touches its pages. The policies are policy.c's.
 *
 * Called through the table of operations, by segment.c under the list's lock,
 * by commit.c and decommit.c under the source's. What fails leaves the range
 * without pages of its own, or with pages that segment_commit() then takes
 * away.
 */
#include <errno.h>

#include "base/page.h"
#include "source/nodes.h"
#include "source/operations.h"
#include "source/policy.h"
#include "source/populate.h"

/* Above this populating, asking where the pages are and moving them would take
 * too long for one allocation. */
#define PROMISE_MAX (64 * MIB)

/* So much of a source has small pages before it has huge ones (page=auto). */
#define HUGE_FROM (4 * MIB)

static bool
is_huge(const struct source *source)
{
	return source->spec->page == SPEC_PAGE_HUGE;
}

/* Asks for transparent huge pages in what of a range lies from segment->huge
 * on. Where madvise(2) is refused pages have the size that the system gives
 * them: it is advice; and page=auto asks for nothing that there must be. */
static int
set_advice(struct segment *segment, size_t offset, size_t bytes)
{
	size_t from = max_size(offset, segment->huge);
	int error;

	if (from >= offset + bytes)
		return 0;
	error = os_advise_huge(
	    segment->base + from, offset + bytes - from, true);
	return segment->source->spec->page != SPEC_PAGE_THP ||
		os_is_refused(error) ?
	    0 :
	    error;
}

/* Reserves addresses, for which no memory is taken. Huge pages are mapped at
 * once, without being reserved in the pool of the system; small ones are made
 * readable as they are used (make_usable()). Aligned to 2 MiB at least, so that
 * transparent huge pages fit. */
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
	segment->huge = source->spec->page == SPEC_PAGE_THP ? 0 :
							      segment->bytes;
	if (is_huge(source))
		error = os_map_huge(
		    base, segment->bytes, source->spec->page_bytes);
	else
		error = set_advice(segment, 0, segment->bytes);
	if (error == 0)
		error = policy_open(segment);
	if (error != 0)
		os_unreserve(base, segment->bytes);
	return error;
}

/* Does what mprotect(2) or madvise(2) would have done, where these are refused:
 * maps the range anew, readable and without pages, and sets the policy and the
 * advice again, which went with the old mapping: the policy first, as what is
 * known to be bound is no longer. */
static int
map_anew(struct segment *segment, size_t offset, size_t bytes)
{
	int error = os_make_usable_anew(segment->base + offset, bytes);

	if (error == 0)
		error = policy_open_anew(segment, offset, bytes);
	return error == 0 ? set_advice(segment, offset, bytes) : error;
}

static void
anon_close(struct segment *segment)
{
	policy_close(segment);
	os_unreserve(segment->base, segment->bytes);
}

/*
 * Whether huge pages are asked for once the source is large: for ordinary
 * memory that comes at the first touch, where no limit or size counts each
 * page, and a 2 MiB page lies no worse than small ones. Not for what is bound
 * to nodes: what they have free is counted in the bytes that were promised, and
 * a touch would take more. Where the system's pages are larger than 4 KiB its
 * huge ones are 32 or 512 MiB.
 */
static bool
becomes_huge(const struct source *source)
{
	const struct spec *spec = source->spec;

	return spec->page == SPEC_PAGE_AUTO && spec->size == 0 &&
	    !source_has_limit(source) && !spec->populate &&
	    system_page() == 4 * KIB && !spec->home_given &&
	    !spec_binds(spec) && spec->policy != SPEC_INTERLEAVE &&
	    spec->policy != SPEC_WEIGHTED;
}

/*
 * Asks for huge pages from the end of what is readable on, up to the end of the
 * segment, so that it becomes one mapping more and not many. Small pages come
 * first, as a large part of a huge one would be lost on a small heap; as low
 * addresses are handed out first, these stay in use. A system that has no huge
 * pages, or keeps them from those who ask, leaves all as it is.
 *
 * What it gave to a program of blocks of 5 to 25 MiB that come and go (large in
 * test/bench/classics.c): 100,500 page faults before, 15,900 now, and a third
 * of the processor time; memory at the most 253 and 262 MiB. One whose heap has
 * 18 MiB (order): 4350 page faults with the C library's malloc, 2390 now, and
 * at the most 19 MiB; from 8 MiB on 3420, from 2 MiB on 1880, and the same
 * memory. There programs of 6 to 8 MiB (mixed, leaks, bursts) take one or two
 * MiB more, and from 4 MiB on nothing.
 */
static void
ask_for_huge(struct segment *segment)
{
	struct source *source = segment->source;
	size_t from = segment == source->first ? HUGE_FROM : 0;

	if (segment->huge == segment->bytes && segment->usable >= from &&
	    becomes_huge(source)) {
		segment->huge = segment->usable;
		set_advice(segment, 0, segment->bytes);
	}
}

/* Makes the segment readable up to OFFSET, rounded up to 2 MiB. Not all of it
 * when it is opened, since mlockall(MCL_FUTURE) takes memory for all that is
 * readable. What is given back stays readable. */
static int
make_usable(struct segment *segment, size_t offset)
{
	size_t end = min_size(align_up(offset, 2 * MIB), segment->bytes);
	int error;

	if (end <= segment->usable)
		return 0;
	ask_for_huge(segment);
	error = os_make_usable(
	    segment->base + segment->usable, end - segment->usable);
	if (os_is_refused(error))
		error = map_anew(
		    segment, segment->usable, end - segment->usable);
	if (error == 0)
		segment->usable = end;
	return error;
}

/*
 * What is not bound. Huge pages are always taken here: a page of the system's
 * pool that is missing would be a SIGBUS at the first touch. Small ones only
 * where populate= or reserve= promises it; else the kernel's overcommit holds,
 * as for any memory, and the first touch places the page.
 */
static int
anon_commit(struct segment *segment, size_t offset, size_t bytes)
{
	const struct spec *spec = segment->source->spec;
	int error;

	policy_follow_nodes(segment);
	if (is_huge(segment->source))
		return policy_is_strict(segment->source) &&
			nodes_are_gone(segment->source) ?
		    ENODEV :
		    populate(segment, offset, bytes);
	error = make_usable(segment, offset + bytes);
	return error == 0 && (spec->populate || spec->reserve) ?
	    populate(segment, offset, bytes) :
	    error;
}

/*
 * Takes the pages of a range now, and makes sure that all lie on the nodes:
 *
 *  1. The range gets "preferred" (policy.c): the kernel takes pages elsewhere
 *     when the nodes are full, where MPOL_BIND would have it end a process. If
 *     mbind(2) is refused by now, the range stays bound, and only a comparison
 *     with what the nodes have free prevents that.
 *  2. The pages are taken (populate.c). The kernel is asked where they lie
 *     (move_pages(2)), those elsewhere are moved, and ENOMEM is returned if one
 *     cannot be.
 *  3. The range is bound, so that the kernel tells the program so, and a page
 *     that is migrated or swapped in stays there. Also after a failure: the
 *     range is free then, and free ranges are bound, which keeps mappings few.
 *
 * Returns 0 or the error number. After a failure the range may have pages, on
 * any node, which the caller gives back.
 */
static int
commit_now(struct segment *segment, size_t offset, size_t bytes)
{
	int error = policy_prefer(segment, offset, bytes);

	if (os_is_refused(error))
		error = policy_check_room(segment->source, bytes);
	if (error != 0)
		return error;
	error = populate(segment, offset, bytes);
	policy_bind(segment, offset, bytes);
	return error;
}

/* Whether pages come when the program touches them. */
static bool
is_touched_first(const struct source *source, size_t bytes)
{
	const struct spec *spec = source->spec;

	return !spec->populate && !spec->reserve &&
	    (bytes > PROMISE_MAX ||
		bits_count(source_nodes(source), 0, SPEC_NODES_MAX) > 1);
}

/* anon_commit() of what is bound to nodes, by the table above. A range that is
 * to be touched later must be bound before. If it cannot be, for want of
 * mappings, its pages are taken now, after all: "preferred" pages that are
 * touched later would end up on any node. */
static int
bound_commit(struct segment *segment, size_t offset, size_t bytes)
{
	int error = make_usable(segment, offset + bytes);

	if (error != 0 || !is_touched_first(segment->source, bytes))
		return error != 0 ? error : commit_now(segment, offset, bytes);
	error = policy_check_room(segment->source, bytes);
	if (error != 0 || policy_bind(segment, offset, bytes))
		return error;
	return commit_now(segment, offset, bytes);
}

/* Gives pages back; the range reads as zero afterwards. Where madvise(2) is
 * refused a new mapping does it; not for huge pages, which then stay. They stay
 * before Linux 5.18, too, whose MADV_DONTNEED does not take them (EINVAL). */
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
	.commit = bound_commit,
	.decommit = anon_decommit,
	.ahead = true,
	.reads_zero = true,
};
