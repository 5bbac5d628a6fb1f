/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy.c - the memory policies of a stretch of anonymous memory.
 *
 * Most are set for the whole stretch when it is opened, and stay. A source that
 * binds to nodes is different, since under MPOL_BIND the kernel ends a process
 * that asks a full node for one page more, where an allocation is to give NULL.
 * So its addresses are bound, which is what the kernel then tells of a block,
 * except while their pages are taken or copied:
 *
 * - a span that is backed has "preferred" until its pages are known to lie on
 *   the nodes (anon.c);
 * - from a fork on, when parent and child copy a page as soon as they write to
 *   it, all that had been handed out has "preferred" in both, until its pages
 *   are given back and others taken.
 *
 * Free pages may have either: nobody touches them. stretch->bound says which
 * grains are bound. Each end of a run of these is an end of a mapping, and all
 * runs of the process together are kept below RUNS_MOST.
 *
 * Called by anon.c, open.c and fork.c under the source's lock.
 */
#include <errno.h>

#include "base/bits.h"
#include "source/stretch.h"

#define SLICE_LEAST (2 * MIB)
#define SLICES_MOST 4096

/* A process may have 65530 mappings. */
#define RUNS_MOST 8192

static _Atomic size_t runs; /* of bound grains, in all stretches */

static enum os_policy
mode_of(const struct spec *spec)
{
	static const enum os_policy mode[] = {
		[SPEC_BIND] = OS_BIND,
		[SPEC_PREFERRED] = OS_PREFERRED,
		[SPEC_PREFERRED_MANY] = OS_PREFERRED_MANY,
		[SPEC_INTERLEAVE] = OS_INTERLEAVE,
		[SPEC_WEIGHTED] = OS_WEIGHTED_INTERLEAVE,
		[SPEC_POLICY_LOCAL] = OS_LOCAL,
	};

	return mode[spec->policy];
}

static int
set_on_nodes(struct stretch *stretch, size_t offset, size_t bytes,
    enum os_policy mode, const uint64_t *nodes)
{
	return os_set_policy(
	    stretch->base + offset, bytes, mode, nodes, SPEC_NODES_MAX);
}

/* The policy MODE on the nodes of the spec, and their home if it has one. */
static int
set_mode(
    struct stretch *stretch, size_t offset, size_t bytes, enum os_policy mode)
{
	const struct spec *spec = stretch->source->spec;
	int error = set_on_nodes(stretch, offset, bytes, mode, spec->nodes);

	return error == 0 && spec->home_given && spec_count_nodes(spec) > 1 ?
	    os_set_home(stretch->base + offset, bytes, spec->home) :
	    error;
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

bool
spec_binds(const struct spec *spec)
{
	return spec_is_anonymous(spec) && spec_has_nodes(spec) &&
	    spec->policy == SPEC_BIND && spec->page <= SPEC_PAGE_THP;
}

/* How many runs of bound grains there are from grain FROM to END - 1. */
static size_t
count_runs(const struct stretch *stretch, size_t from, size_t end)
{
	const struct page_set *bound = &stretch->bound;
	size_t count = 0;

	while ((from = page_set_find(bound, from, end, true)) < end) {
		from = page_set_find(bound, from, end, false);
		count++;
	}
	return count;
}

/* Takes note that grains FROM to END - 1 are bound now, or are not. */
static void
note_bound(struct stretch *stretch, size_t from, size_t end, bool is_bound)
{
	size_t low = from == 0 ? 0 : from - 1;
	size_t high = min_size(end + 1, stretch->bound.pages);
	size_t before = count_runs(stretch, low, high);

	page_set_fill(&stretch->bound, from, end, is_bound);
	atomic_fetch_add(&runs, count_runs(stretch, low, high) - before);
}

int
policy_open(struct stretch *stretch)
{
	const struct spec *spec = stretch->source->spec;
	int error;

	if (spec->policy == SPEC_POLICY_LOCAL)
		return set_on_nodes(stretch, 0, stretch->bytes, OS_LOCAL, NULL);
	if (!spec_has_nodes(spec))
		return 0;
	if (spec->weights[0] != 0)
		return set_weights(stretch);
	error = set_mode(stretch, 0, stretch->bytes, mode_of(spec));
	if (wants_small_pages(spec))
		os_advise_huge(stretch->base, stretch->bytes, false);
	if (error == 0 && spec_binds(spec))
		note_bound(stretch, 0, stretch->bound.pages, true);
	/* Refused since the source was opened: where nothing is bound, pages
	 * are looked for, and moved if need be. */
	return os_is_refused(error) && spec_binds(spec) &&
		stretch->source->first != NULL ?
	    0 :
	    error;
}

void
policy_close(struct stretch *stretch)
{
	if (spec_binds(stretch->source->spec))
		note_bound(stretch, 0, stretch->bound.pages, false);
}

int
policy_open_anew(struct stretch *stretch, size_t offset, size_t bytes)
{
	size_t grain = stretch->source->grain;
	int error;

	if (!spec_binds(stretch->source->spec))
		return policy_open(stretch);
	note_bound(stretch, offset / grain, (offset + bytes) / grain, false);
	error = set_mode(stretch, offset, bytes, OS_PREFERRED);
	return os_is_refused(error) ? 0 : error;
}

bool
policy_bind(struct stretch *stretch, size_t offset, size_t bytes)
{
	size_t grain = stretch->source->grain, grains = stretch->bound.pages;
	size_t from = offset / grain, end = (offset + bytes) / grain;
	size_t low = from == 0 ? 0 : from - 1;

	if (page_set_find(&stretch->bound, from, end, false) == end)
		return true;
	if (atomic_load(&runs) >= RUNS_MOST &&
	    count_runs(stretch, low, min_size(end + 1, grains)) == 0)
		return false;
	if (set_mode(stretch, offset, bytes, OS_BIND) != 0) {
		/* For want of mappings it may have got halfway. */
		set_mode(stretch, offset, bytes, OS_PREFERRED);
		return false;
	}
	note_bound(stretch, from, end, true);
	return true;
}

int
policy_prefer(struct stretch *stretch, size_t offset, size_t bytes)
{
	size_t grain = stretch->source->grain;
	size_t from = offset / grain, end = (offset + bytes) / grain;
	int error;

	if (page_set_find(&stretch->bound, from, end, true) == end)
		return 0;
	error = set_mode(stretch, offset, bytes, OS_PREFERRED);
	if (error == 0)
		note_bound(stretch, from, end, false);
	return error;
}

void
policy_prefork(struct source *source)
{
	if (!spec_binds(source->spec))
		return;
	for (struct stretch *s = source->first; s != NULL; s = s->next)
		policy_prefer(s, 0, s->bytes);
}
