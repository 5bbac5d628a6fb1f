/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recorded.c - kinds whose blocks a facade records: see kind/facade.h, and
 * arena/recording.h for how.
 *
 * Owns nothing. Takes no lock; what lies behind does.
 */
#include "arena/recording.h"

#include "arena/cache.h"
#include "arena/heaps.h"
#include "arena/home.h"

#include "kind/facade.h"
#include "kind/kind.h"

EXPORT void
poolkind_set_recorder(const struct heap_recorder *recorder)
{
	__atomic_store_n(&heap_recorder, recorder, __ATOMIC_SEQ_CST);
}

EXPORT void
poolkind_record(poolkind *handle)
{
	if (__atomic_load_n(&heap_recorder, __ATOMIC_SEQ_CST) == NULL)
		return;
	for (struct kind *kind = kind_find(handle); kind != NULL;
	     kind = kind->fallback)
		for (unsigned i = 0; i < kind_heaps(kind); i++)
			if (!heap_is_recorded(kind_heap(kind, i)))
				heap_record(kind_heap(kind, i));
}

EXPORT struct recording_choice
poolkind_choice_of(const void *ptr)
{
	return recording_choice_of(ptr);
}

/* Most often the page was watched before, as all of its bin's, and the thread's
 * cache knows its segment. */
static bool
is_watched(const void *ptr)
{
	struct cache *cache = thread_self->cache[home_of(ptr)];
	size_t offset;

	if (cache == NULL)
		return false;
	offset = (uintptr_t)ptr - cache->page_bins.base;
	return offset < cache->page_bins.bytes &&
	    page_bin_is_watched(&cache->page_bins.mark[offset / PAGE_BYTES]);
}

EXPORT void
poolkind_watch(const void *ptr)
{
	if (!is_watched(ptr))
		page_bin_watch(ptr);
}

/* The block is the caller's still, so that its page stays that of its bin. */
EXPORT void
poolkind_unwatch(const void *ptr)
{
	const unsigned char *entry = page_bin_of(ptr);
	size_t usable;

	if (entry == NULL || !page_bin_is_watched(entry))
		return;
	usable = block_lookup(ptr).usable;
	if (!recording_wants_all(usable))
		page_bin_unwatch(ptr, usable);
}

EXPORT void
poolkind_tell_recorder(void)
{
	heaps_tell_recorder();
}
