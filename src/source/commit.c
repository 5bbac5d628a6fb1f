/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * commit.c - granules given memory, and some ahead. See commit.h.
 *
 * Owns nothing. What a granule is made of is behind the table of operations;
 * what counts for the limit is in account.h.
 */
#include "source/commit.h"
#include <errno.h>

#include "base/probe.h"
#include "source/account.h"
#include "source/decommit.h"
#include "source/sets.h"

/* Commit-ahead: see ahead_of(). */
#define COMMIT_AHEAD_EQUAL (64 * KIB)
#define COMMIT_AHEAD_MAX (2 * MIB)
/* After commit-ahead has failed, so many runs do without: where little is left,
 * an attempt costs a failing system call and the undoing of what it got. */
#define NOT_AHEAD 256

/*
 * Commits granules FROM to END - 1, all of them or none: claims them in the
 * account, has the operations give them memory, and enters them. Returns 0 or
 * the error number; ENOMEM where the limit does not permit it.
 *
 * Operations may have got a part of it before they failed. Nobody would ever
 * give that back, as it is not entered; so the whole range is decommitted. What
 * that answers does not matter: the granules were free and hold nothing.
 */
int
segment_commit(struct segment *segment, size_t from, size_t end)
{
	struct source *source = segment->source;
	size_t bytes = (end - from) * source->granule;
	int error;

	if (!account_claim(source->account, bytes))
		return ENOMEM;
	error = source->ops->commit(segment, from * source->granule, bytes);
	if (error != 0) {
		source->ops->decommit(segment, from * source->granule, bytes);
		atomic_fetch_sub(&source->account->claimed, bytes);
		atomic_fetch_add(&source->account->freed, 1);
		return error;
	}
	source->committed += bytes;
	account_commit(source->account, bytes);
	if (source_tells(source))
		atomic_fetch_add(&source->untold, bytes);
	PROBE_GROWN(source->owner, bytes,
	    atomic_load_explicit(
		&source->account->committed, memory_order_relaxed));
	segment_set_committed(segment, from, end, true);
	if (!source->ops->reads_zero)
		page_set_fill(&segment->dirty,
		    from * source->granule / PAGE_BYTES,
		    end * source->granule / PAGE_BYTES, true);
	return 0;
}

/*
 * Commit-ahead: where a run of granules that are not committed, which begins at
 * FROM and is needed up to END, had better end.
 *
 * Committing each small request by itself is a system call each, and four for
 * bound anonymous memory (anon.c). So a run is made as long as what the source
 * has committed already, up to 64 KiB, and from 512 KiB on an eighth of that,
 * up to 2 MiB: a small kind takes little that it does not need, and the waste
 * of a large one stays a small part of it. That length includes what is needed,
 * so a long request takes nothing ahead. The run ends at the next granule that
 * is committed, and at the end of the segment.
 *
 * Returns END where nothing is to be taken ahead: granules of 2 MiB are large
 * enough by themselves, and what costs nothing (ops->ahead) needs no more. A
 * source that tells the program takes whole 2 MiB, to tell it seldom.
 */
static size_t
ahead_of(const struct segment *segment, size_t from, size_t end)
{
	const struct source *source = segment->source;
	size_t ahead = min_size(COMMIT_AHEAD_MAX,
	    max_size(source->committed / 8,
		min_size(source->committed, COMMIT_AHEAD_EQUAL)));
	size_t least = from + ahead / source->granule;
	size_t last = segment->bytes / source->granule;

	if (source_tells(source))
		least = align_up(end * source->granule, 2 * MIB) /
		    source->granule;
	else if (!source->ops->ahead)
		return end;
	if (least <= end)
		return end;
	return page_set_find(
	    &segment->committed, end, min_size(least, last), true);
}

/*
 * Commits every page of a span that was just entered in the page map, run by
 * run of granules that are not committed yet. Returns 0 or an error number. A
 * run is tried:
 *
 *  1. with commit-ahead, if it is the last: what follows the others is
 *     committed. If that fails, the next NOT_AHEAD runs do without;
 *  2. alone. If that fails, the limit or the system may be full of our own free
 *     pages that stay committed;
 *  3. after decommit_all() has given those back, once. The loop starts again at
 *     the span's beginning and passes over what it has committed: that was left
 *     alone, since these pages are entered as used.
 *
 * If it fails in the end, runs committed before the failing one are committed
 * still, for the caller to give back.
 */
int
commit_span(struct segment *segment, size_t from, size_t count)
{
	struct source *source = segment->source;
	size_t per_granule = source->granule / PAGE_BYTES;
	size_t granule = from / per_granule;
	size_t end = (from + count + per_granule - 1) / per_granule;
	bool trimmed = false;

	while ((granule = page_set_find(
		    &segment->committed, granule, end, false)) < end) {
		size_t stop = page_set_find(
		    &segment->committed, granule, end, true);
		size_t ahead = stop == end ? ahead_of(segment, granule, end) :
					     stop;

		if (ahead > stop && source->not_ahead > 0) {
			source->not_ahead--;
		} else if (ahead > stop) {
			if (segment_commit(segment, granule, ahead) == 0)
				return 0;
			source->not_ahead = NOT_AHEAD;
		}
		int error = segment_commit(segment, granule, stop);
		if (error != 0 && trimmed)
			return error;
		if (error != 0) {
			decommit_all(source);
			trimmed = true;
			granule = from / per_granule;
		}
	}
	return 0;
}
