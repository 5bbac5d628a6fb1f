/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inherit.c - what of a source a process may use. See inherit.h.
 *
 * A source is its process's own, inherited or refused: fork.c says when. A
 * child that was made otherwise (clone(2), _Fork(3)) ran no handler and has
 * holes where things are shared: it is refused such sources as soon as it asks
 * (withhold.c).
 *
 * Owns nothing. source_refused() and source_inherited() are asked with and
 * without locks.
 */
#include "source/inherit.h"

#include "source/address_map.h"
#include "source/registry.h"
#include "source/withhold.h"

/* Called for each shared mapping of the process, of which there may be
 * thousands where there are many kinds on files. So one that begins in a
 * segment of a source that is no region is not compared with all regions. */
static void
note_shared(void *unused, uintptr_t low, uintptr_t high)
{
	struct segment *known = address_map_find((const void *)low);

	(void)unused;
	if (known != NULL && !source_is_region(known->source))
		return;
	for (struct source *s = sources; s != NULL; s = s->next) {
		if (!source_is_region(s) || s->mapping != MAPPING_UNKNOWN)
			continue;
		for (struct segment *at = s->first; at != NULL; at = at->next)
			if ((uintptr_t)at->base < high &&
			    low < (uintptr_t)at->base + at->bytes)
				s->mapping = MAPPING_SHARED;
	}
}

/* Finds out which regions are mapped shared, at the first fork after they were
 * opened: the kernel tells of all mappings or of none. Where it does not tell
 * they stay unknown, and count as shared. */
void
sources_learn_mappings(void)
{
	bool any = false;

	for (struct source *s = sources; s != NULL; s = s->next)
		any |= source_is_region(s) && s->mapping == MAPPING_UNKNOWN;
	if (!any || os_each_shared_mapping(note_shared, NULL) != 0)
		return;
	for (struct source *s = sources; s != NULL; s = s->next)
		if (source_is_region(s) && s->mapping == MAPPING_UNKNOWN)
			s->mapping = MAPPING_PRIVATE;
}

bool
source_is_shared(const struct source *source)
{
	switch (source->spec->source) {
	case SPEC_FILE:
		return source->spec->fork == SPEC_FORK_SHARED;
	case SPEC_DAX:
		return true;
	case SPEC_REGION:
		return source->mapping != MAPPING_PRIVATE;
	default:
		return false;
	}
}

/* Whether a child that no handler knew of may not use the source: it has holes
 * there (exposed), or pages that are the parent's, too (a shared region). What
 * the kernel copied is its own. */
static bool
is_out_of_reach(const struct source *source)
{
	if (!source_is_region(source))
		return atomic_load(&source->exposed);
	sources_learn_mappings();
	return source_is_shared(source);
}

bool
source_refused(const struct source *source)
{
	return atomic_load(&source->refused) ||
	    (unlikely(fork_went_unseen()) && is_out_of_reach(source));
}

bool
source_inherited(const struct source *source)
{
	return atomic_load(&source->inherited);
}

/*
 * Called where such a child opens a kind, forks itself or has a function told
 * of memory, under sources_lock: what it opens will be its own, while the
 * witness says that it may use nothing. So what it may not use is refused for
 * good, in each source, and the witness set. Segments that did not come into it
 * are lost: nothing may be unmapped there, as the addresses may be somebody
 * else's by now.
 */
void
forks_settle_unseen(void)
{
	if (likely(!fork_went_unseen()))
		return;
	for (struct source *s = sources; s != NULL; s = s->next) {
		if (!is_out_of_reach(s))
			continue;
		atomic_store(&s->refused, true);
		atomic_store(&s->exposed, false);
		for (struct segment *at = s->first; at != NULL; at = at->next) {
			at->lost = at->withheld;
			at->withheld = false;
		}
	}
	fork_set_seen();
}

void
sources_watch(void)
{
	lock_take(&sources_lock);
	forks_settle_unseen();
	forks_watch();
	lock_give(&sources_lock);
}
