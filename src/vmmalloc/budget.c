/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * budget.c - how much of a small pool the threads' caches may hold.
 *
 * How many threads will come is not known, and a cache once sized stays so.
 * So the sixteenth is dealt out in tiers: whoever comes while there are at most
 * so many threads gets a fixed part of that tier's fraction. Of those that hold
 * such a part there are never more than the tier's number of threads, so the
 * fractions bound the sum, without any account of who left.
 */
#include "vmmalloc/budget.h"

#include <stdio.h>

#include "vmmalloc/arenas.h"
#include "vmmalloc/log.h"
#include "vmmalloc/pool.h"

#define CALLS_BETWEEN_LOOKS 256

static const struct {
	unsigned threads;  /* up to so many */
	unsigned fraction; /* share this part of the budget */
} tiers[] = {
	{ 1, 4 },
	{ 16, 4 },
	{ 64, 8 },
	{ 256, 8 },
	{ 1024, 8 },
	{ 4096, 8 },
};

static size_t budget; /* 0: no bound */

/* Calls of this thread since it lost its cache. */
static _Thread_local unsigned calls_without
    __attribute__((tls_model("initial-exec")));

void
budget_open(size_t bytes)
{
	budget = bytes / 16;
}

static size_t
share_of(unsigned threads)
{
	for (unsigned i = 0; i < sizeof(tiers) / sizeof(tiers[0]); i++)
		if (threads <= tiers[i].threads)
			return budget / tiers[i].fraction / tiers[i].threads;
	return 0;
}

static size_t
bin_capacity(tsd_t *tsd, szind_t bin)
{
	tcache_t *tcache = tsd_tcachep_get(tsd);

	if (tcache_bin_disabled(bin, &tcache->bins[bin], tcache->tcache_slow))
		return 0;
	return cache_bin_ncached_max_get(&tcache->bins[bin]);
}

/* Bytes that the cache holds when every bin is full. */
static size_t
cache_capacity(tsd_t *tsd, unsigned bins)
{
	size_t bytes = 0;

	for (szind_t bin = 0; bin < bins; bin++)
		bytes += bin_capacity(tsd, bin) * sz_index2size(bin);
	return bytes;
}

/* Each bin gets the same bytes, in jemalloc's own notation for it. */
static void
resize_cache(tsd_t *tsd, unsigned bins, size_t share)
{
	char text[TCACHE_NBINS_MAX * 24];
	size_t length = 0, part = share / bins;

	for (szind_t bin = 0; bin < bins; bin++) {
		size_t bytes = sz_index2size(bin);
		size_t blocks = min_size(part / bytes, bin_capacity(tsd, bin));

		length += (size_t)snprintf(text + length, sizeof(text) - length,
		    "%s%zu-%zu:%zu", bin == 0 ? "" : "|", bytes, bytes, blocks);
	}
	tcache_bins_ncached_max_write(tsd, text, length);
}

void
budget_apply(tsd_t *tsd, unsigned threads)
{
	unsigned bins;
	size_t share;

	if (budget == 0)
		return;
	bins = tcache_nbins_get(tsd_tcache_slowp_get(tsd));
	share = share_of(threads);
	if (cache_capacity(tsd, bins) > share)
		resize_cache(tsd, bins, share);
	LOG_TRACE(3, "thread %u may cache %zu bytes", threads, share);
}

void
budget_suspend(tsd_t *tsd)
{
	if (!tcache_available(tsd))
		return;
	calls_without = 0;
	tcache_enabled_set(tsd, false);
	LOG_TRACE(3, "thread does without a cache");
}

static bool
has_room(void)
{
	struct source_stats stats;
	size_t most;

	source_stats(pool_source, &stats, false);
	most = stats.limit != 0 ? stats.limit : stats.size;
	return most == 0 || stats.spans <= most - most / 8;
}

void
budget_resume(tsd_t *tsd)
{
	if (++calls_without % CALLS_BETWEEN_LOOKS != 0 || !opt_tcache ||
	    !has_room())
		return;
	tcache_enabled_set(tsd, true);
	if (tcache_available(tsd))
		budget_apply(tsd, arenas_threads());
}
