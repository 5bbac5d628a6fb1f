/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * account.c - what a source is asked about its limit, and about what counts for
 * it. See source.h.
 *
 * Owns nothing. Called without a lock: reads what is atomic, so that figures of
 * one call need not be of the same moment. Cannot fail.
 */
#include "source/account.h"

void
source_set_limit(struct source *source, size_t limit)
{
	atomic_store(&source->account->limit, limit);
	atomic_fetch_add(&source->account->freed, 1);
}

bool
source_has_limit(const struct source *source)
{
	return atomic_load(&source->account->limit) != 0;
}

const struct spec *
source_spec(const struct source *source)
{
	return source->spec;
}

size_t
source_spans(const struct source *source)
{
	return atomic_load_explicit(&source->spans, memory_order_relaxed);
}

/* Under a limit free pages that stay committed count, as they take it up. */
size_t
source_used(const struct source *source)
{
	return source_has_limit(source) ?
	    atomic_load(&source->account->committed) :
	    atomic_load(&source->spans);
}

bool
source_is_over_limit(const struct source *source)
{
	size_t limit = atomic_load(&source->account->limit);

	return limit != 0 && atomic_load(&source->account->committed) > limit;
}

uint64_t
source_freed(const struct source *source)
{
	return atomic_load(&source->account->freed);
}
