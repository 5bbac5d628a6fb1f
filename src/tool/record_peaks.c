/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record_peaks.c - what lived at the same time in several processes. See
 * recorded.h.
 *
 * Of a process it is known at which moments how much lived, and between them
 * what lived before is taken to live. So at any moment the bytes of all
 * processes can be added up.
 */
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "tool/recorded.h"

/* ---- Peaks of sites ------------------------------------------------------ */

static int
compare(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int
by_site_and_start(const void *one, const void *other)
{
	const struct merged_span *a = one, *b = other;

	if (a->site != b->site)
		return compare(a->site, b->site);
	if (a->class != b->class)
		return compare(a->class, b->class);
	return compare(a->start_ns, b->start_ns);
}

static int
by_end(const void *one, const void *other)
{
	const struct merged_span *a = *(const struct merged_span *const *)one;
	const struct merged_span *b = *(const struct merged_span *const *)other;

	return compare(a->end_ns, b->end_ns);
}

/* The most that COUNT spans, in the order of their starts, come to at once;
 * ENDS has room for them. */
static uint64_t
most_at_once(const struct merged_span *spans, size_t count,
    const struct merged_span **ends)
{
	uint64_t now = 0, most = 0;
	size_t ended = 0;

	for (size_t i = 0; i < count; i++)
		ends[i] = &spans[i];
	qsort(ends, count, sizeof(*ends), by_end);
	for (size_t i = 0; i < count; i++) {
		while (ends[ended]->end_ns <= spans[i].start_ns &&
		    ends[ended] != &spans[i])
			now -= ends[ended++]->bytes;
		now += spans[i].bytes;
		most = max_size(most, now);
	}
	return most;
}

static void
set_peak(struct merge *merge, const struct merged_span *span, uint64_t peak)
{
	struct merged_site *site = &merge->sites[span->site];

	if (span->class == RECORDING_SIZES)
		site->peak = peak;
	else
		site->size[span->class].peak = peak;
}

bool
merge_peaks(struct merge *merge)
{
	const struct merged_span **ends = calloc(
	    merge->span_count + 1, sizeof(*ends));
	struct merged_span *spans = merge->spans;
	size_t end;

	if (ends == NULL)
		return false;
	if (merge->span_count != 0)
		qsort(spans, merge->span_count, sizeof(*spans),
		    by_site_and_start);
	for (size_t i = 0; i < merge->span_count; i = end) {
		for (end = i; end < merge->span_count &&
		     spans[end].site == spans[i].site &&
		     spans[end].class == spans[i].class;
		     end++)
			;
		set_peak(
		    merge, &spans[i], most_at_once(&spans[i], end - i, ends));
	}
	free(ends);
	return true;
}

/* ---- Moments ------------------------------------------------------------- */

static int
by_time(const void *one, const void *other)
{
	const struct merged_moment *a = one, *b = other;

	return a->ns != b->ns ? compare(a->ns, b->ns) :
				compare(a->process, b->process);
}

/* Goes through all moments in their order; after each, LATEST has the one that
 * holds in each process, NULL before its first. */
struct sweep {
	const struct merge *merge;
	const struct merged_moment **latest;
	uint64_t *before; /* for write_process(), one for each site */
	uint64_t total;
};

static void
sweep_to(struct sweep *sweep, const struct merged_moment *moment)
{
	const struct merged_moment **at = &sweep->latest[moment->process];

	if (*at != NULL)
		sweep->total -= (*at)->total;
	sweep->total += moment->total;
	*at = moment;
}

static bool
sweep_begin(struct sweep *sweep, const struct merge *merge)
{
	*sweep = (struct sweep){ .merge = merge,
		.latest = calloc(
		    merge->process_count + 1, sizeof(*sweep->latest)),
		.before = calloc(
		    merge->site_count + 1, sizeof(*sweep->before)) };
	return sweep->latest != NULL && sweep->before != NULL;
}

static void
sweep_end(struct sweep *sweep)
{
	free(sweep->latest);
	free(sweep->before);
}

/* Which moment has the most of all processes together. */
static bool
find_peak(const struct merge *merge, size_t *peak)
{
	struct sweep sweep;
	uint64_t most = 0;

	*peak = 0;
	if (!sweep_begin(&sweep, merge)) {
		sweep_end(&sweep);
		return false;
	}
	for (size_t i = 0; i < merge->moment_count; i++) {
		sweep_to(&sweep, &merge->moments[i]);
		if (sweep.total <= most)
			continue;
		most = sweep.total;
		*peak = i;
	}
	sweep_end(&sweep);
	return true;
}

/* What a process has at a moment. Where it has a site several times they are
 * added up in ROW, the sum over processes before it is in BEFORE. */
static void
write_process(const struct merge *merge, const struct merged_moment *moment,
    uint64_t *row, uint64_t *before, uint64_t *one)
{
	const struct merged_live *lives = &merge->lives[moment->first];

	for (size_t i = 0; i < moment->count; i++)
		before[lives[i].site] = row[lives[i].site];
	for (size_t i = 0; i < moment->count; i++)
		row[lives[i].site] += lives[i].bytes;
	for (size_t i = 0; i < moment->count; i++) {
		uint32_t site = lives[i].site;

		one[site] = max_size(one[site], row[site] - before[site]);
	}
}

static void
write_moment(struct sweep *sweep, uint64_t ns, struct merged_moments *to)
{
	const struct merge *merge = sweep->merge;
	size_t at = to->count++ * merge->site_count;

	to->ns[to->count - 1] = ns;
	for (size_t i = 0; i < merge->process_count; i++)
		if (sweep->latest[i] != NULL)
			write_process(merge, sweep->latest[i], &to->live[at],
			    sweep->before, &to->one[at]);
}

static bool
write_moments(
    struct merge *merge, size_t most, size_t peak, struct merged_moments *to)
{
	size_t step = (merge->moment_count + most - 1) / most;
	struct sweep sweep;

	if (!sweep_begin(&sweep, merge)) {
		sweep_end(&sweep);
		return false;
	}
	for (size_t i = 0; i < merge->moment_count; i++) {
		sweep_to(&sweep, &merge->moments[i]);
		if (i % step == 0 || i == peak)
			write_moment(&sweep, merge->moments[i].ns, to);
	}
	sweep_end(&sweep);
	return true;
}

bool
merge_moments(struct merge *merge, size_t most, struct merged_moments *to)
{
	size_t peak;

	*to = (struct merged_moments){ .ns = NULL };
	if (merge->moment_count == 0)
		return true;
	qsort(merge->moments, merge->moment_count, sizeof(*merge->moments),
	    by_time);
	to->ns = calloc(most + 2, sizeof(*to->ns));
	to->live = calloc(
	    (most + 2) * (merge->site_count + 1), sizeof(*to->live));
	to->one = calloc(
	    (most + 2) * (merge->site_count + 1), sizeof(*to->one));
	return to->ns != NULL && to->live != NULL && to->one != NULL &&
	    find_peak(merge, &peak) && write_moments(merge, most, peak, to);
}
