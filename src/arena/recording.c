/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recording.c - see recording.h.
 */
#include "arena/recording.h"

#include "arena/bin.h"
#include "arena/sizeclass.h"

const struct heap_recorder *heap_recorder;

static _Thread_local struct {
	const void *ptr;
	struct recording_choice choice;
} last __attribute__((tls_model("initial-exec")));

/* ---- Counts -------------------------------------------------------------- */

void
recording_tell(struct cache *cache, unsigned number)
{
	uint64_t requests = bin_requests(cache, number);
	uint64_t more = requests - cache->told[number];

	if (more == 0)
		return;
	cache->told[number] = requests;
	if (!recording_wants_all(cache_bin_size[number]))
		heap_recorder->count(number, cache_bin_size[number], more);
}

void
recording_tell_cache(struct cache *cache)
{
	for (unsigned i = 1; i < CACHE_BINS; i++)
		recording_tell(cache, i);
}

void
recording_forget(struct cache *cache)
{
	for (unsigned i = 1; i < CACHE_BINS; i++)
		cache->told[i] = bin_requests(cache, i);
}

/* ---- The last block ------------------------------------------------------ */

void
recording_keep(const void *ptr, const struct recording_choice *choice)
{
	last.ptr = choice->is_chosen ? ptr : NULL;
	last.choice = *choice;
}

struct recording_choice
recording_choice_of(const void *ptr)
{
	const void *was = last.ptr;

	last.ptr = NULL;
	return was == ptr && ptr != NULL ? last.choice :
					   (struct recording_choice){ 0 };
}
