/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * told.c - which memory of a source the program was told of. See source.h.
 *
 * A source that tells has two more sets in use in each segment: granules that
 * the program was told of, and those with which a run of these begins. A
 * committed granule that is in neither is untold; source->untold is how many
 * bytes are. What is done to each:
 *
 *   committed     untold; runs go on to the next 2 MiB, so that they are few
 *   untold run    entered as told by source_next_untold(), and only then is
 *                 the program told, so that the run stays as it is meanwhile;
 *                 it counts as untold until source_accept()
 *   told          never decommitted: decommit.c passes over it
 *   told and free a whole run at a time: source_next_told() makes it a span of
 *                 nobody's, the program is told, source_drop() frees it and
 *                 gives its pages back
 *
 * No lock is held while the program is told, which is kind/map.c's to do, one
 * call at a time for a kind: a run that somebody is told of is in no other
 * call. Nothing fails.
 */
#include "source/account.h"
#include "source/decommit.h"
#include "source/segment.h"
#include "source/sets.h"

static void
set_told(struct segment *segment, size_t from, size_t end, bool told)
{
	page_set_fill(&segment->told, from, end, told);
	page_set_fill(&segment->first, from, end, false);
	if (told)
		page_set_fill(&segment->first, from, from + 1, true);
}

static size_t
from_of(const struct source_run *run)
{
	return (size_t)((char *)run->addr - run->segment->base) /
	    run->segment->source->granule;
}

/* A run that was withdrawn is free again. */
static void
put_back(struct source *source, const struct source_run *run)
{
	size_t from = from_of(run) * (source->granule / PAGE_BYTES);

	segment_set_used(
	    run->segment, from, from + run->bytes / PAGE_BYTES, false);
	source->spans -= run->bytes;
	source->withdrawn.segment = NULL;
}

void
source_tell(struct source *source, bool tells)
{
	lock_take(&source->lock);
	source_tell_nothing(source);
	atomic_store(&source->untold, tells ? source->committed : 0);
	atomic_store(&source->tells, tells ? sources_stamp() : 0);
	lock_give(&source->lock);
}

void
source_tell_nothing(struct source *source)
{
	if (atomic_load(&source->tells) == 0)
		return;
	if (source->withdrawn.segment != NULL)
		put_back(source, &source->withdrawn);
	for (struct segment *s = source->first; s != NULL; s = s->next)
		set_told(s, 0, s->told.pages, false);
	atomic_store(&source->tells, 0);
	atomic_store(&source->untold, 0);
}

size_t
source_untold(const struct source *source)
{
	return atomic_load(&source->untold);
}

static bool
found(struct source_run *run, struct segment *segment, size_t from, size_t end)
{
	size_t granule = segment->source->granule;

	run->segment = segment;
	run->next = end;
	run->addr = segment->base + from * granule;
	run->bytes = (end - from) * granule;
	return true;
}

static bool
next_untold(struct segment *segment, size_t most, struct source_run *run)
{
	size_t last = segment->committed.pages, from = 0, end, stop;
	size_t granules = most / segment->source->granule;

	for (; (from = page_set_find(&segment->committed, from, last, true)) <
	     last;
	     from = end) {
		end = page_set_find(&segment->committed, from, last, false);
		from = page_set_find(&segment->told, from, end, false);
		if (from == end)
			continue;
		stop = page_set_find(&segment->told, from, end, true);
		if (granules != 0)
			stop = min_size(
			    stop, align_down(from + granules, granules));
		set_told(segment, from, stop, true);
		return found(run, segment, from, stop);
	}
	return false;
}

bool
source_next_untold(struct source *source, size_t most, struct source_run *run)
{
	bool any = false;

	lock_take(&source->lock);
	for (struct segment *s = source->first; s != NULL && !any; s = s->next)
		any = next_untold(s, most, run);
	lock_give(&source->lock);
	return any;
}

void
source_accept(struct source *source, const struct source_run *run)
{
	atomic_fetch_sub(&source->untold, run->bytes);
}

void
source_decline(struct source *source, const struct source_run *run)
{
	size_t from = from_of(run);

	lock_take(&source->lock);
	set_told(
	    run->segment, from, from + run->bytes / source->granule, false);
	lock_give(&source->lock);
}

/* The run of told granules at or behind granule FROM; false: there is none. */
static bool
run_from(struct segment *segment, size_t from, size_t *begin, size_t *end)
{
	size_t last = segment->told.pages;

	*begin = page_set_find(&segment->first, from, last, true);
	if (*begin == last)
		return false;
	*end = page_set_find(&segment->told, *begin, last, false);
	*end = page_set_find(&segment->first, *begin + 1, *end, true);
	return true;
}

/* Makes a run that is free a span: nobody is handed it out meanwhile. */
static bool
withdraw(struct segment *segment, size_t begin, size_t end)
{
	struct source *source = segment->source;
	size_t per = source->granule / PAGE_BYTES;

	if (source->spec->reserve || segment->left ||
	    page_set_find(&segment->map.used, begin * per, end * per, true) <
		end * per)
		return false;
	segment_set_used(segment, begin * per, end * per, true);
	source->spans += (end - begin) * source->granule;
	return true;
}

/* The next run behind RUN; ALL: also those that are not free, which stay as
 * they are. */
static bool
next_told(struct source *source, bool all, struct source_run *run)
{
	struct segment *s = run->segment == NULL ? source->first : run->segment;
	size_t begin, end, from = run->segment == NULL ? 0 : run->next;

	for (; s != NULL; s = s->next, from = 0)
		for (; run_from(s, from, &begin, &end); from = end)
			if (all || withdraw(s, begin, end))
				return found(run, s, begin, end);
	return false;
}

bool
source_next_told(struct source *source, bool idle, struct source_run *run)
{
	bool any;

	lock_take(&source->lock);
	any = next_told(source, !idle, run);
	if (any && idle)
		source->withdrawn = *run;
	else if (idle)
		end_idle(source);
	lock_give(&source->lock);
	return any;
}

void
source_drop(struct source *source, const struct source_run *run)
{
	struct segment *segment = run->segment;
	size_t from = from_of(run), per = source->granule / PAGE_BYTES;
	size_t end = from + run->bytes / source->granule;

	lock_take(&source->lock);
	set_told(segment, from, end, false);
	atomic_fetch_add(&source->untold, run->bytes);
	put_back(source, run);
	decommit_between(segment, from * per, end * per, 0);
	lock_give(&source->lock);
	atomic_fetch_add(&source->account->freed, 1);
}

bool
source_is_told(struct source *source, const void *addr, size_t bytes)
{
	size_t granule = source->granule, from, end;
	struct segment *segment;
	bool told;

	lock_take(&source->lock);
	segment = segment_of(source, addr);
	from = (size_t)((const char *)addr - segment->base);
	end = (from + bytes - 1) / granule + 1;
	from /= granule;
	told = page_set_find(&segment->told, from, end, false) == end;
	lock_give(&source->lock);
	return told;
}

bool
source_is_idle(struct source *source)
{
	bool over;

	lock_take(&source->lock);
	over = is_idle_over(source);
	lock_give(&source->lock);
	return over;
}

bool
source_is_mapped_anew(const struct source *source)
{
	return source->spec->source == SPEC_FILE &&
	    (source->spec->fork == SPEC_FORK_PRIVATE ||
		source->spec->fork == SPEC_FORK_COPY_OR_PRIVATE);
}
