/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recorded.c - kinds whose blocks a facade records: see kind/facade.h, and
 * arena/recording.h for how.
 *
 * Owns nothing. Takes no lock; what lies behind does.
 */
#include "arena/recording.h"

#include "arena/cache.h"
#include "arena/free.h"
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

/* What the page bin index has of the page that PTR is in, or NULL; most often
 * it is that of the segment which the thread's cache knows. */
static unsigned char *
entry_of(const void *ptr)
{
	struct cache *cache = thread_self->cache[home_of(ptr)];
	unsigned char *entry = cache != NULL ? cache_entry(cache, ptr) : NULL;

	return entry != NULL ? entry : page_bin_of(ptr);
}

EXPORT void
poolkind_watch(const void *ptr)
{
	unsigned char *entry = entry_of(ptr);

	if (entry != NULL && !page_bin_is_watched(entry))
		page_bin_watch(entry);
}

/* The block is the caller's still, so that its page stays that of its bin. */
EXPORT void
poolkind_unwatch(const void *ptr)
{
	unsigned char *entry = entry_of(ptr);
	unsigned number;

	if (entry == NULL || !page_bin_is_watched(entry))
		return;
	number = heap_watched_bin(ptr);
	if (number != 0 && !recording_wants_all(cache_bin_size[number]))
		page_bin_unwatch(entry, number);
}

EXPORT void
poolkind_tell_recorder(void)
{
	heaps_tell_recorder();
}
