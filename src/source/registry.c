/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * registry.c - the list of all sources. See registry.h.
 */
#include "source/registry.h"

#include "base/list.h"

struct lock sources_lock = LOCK_INIT;
struct source *sources;

void
registry_add(struct source *source)
{
	LIST_PUSH(&sources, source);
}

void
registry_remove(struct source *source)
{
	LIST_REMOVE(source);
}

/* The source's own lock is taken since segment_append() may be at work. */
const struct segment *
registry_lowest(const char *base, const char *end)
{
	const struct segment *lowest = NULL;

	for (struct source *s = sources; s != NULL; s = s->next) {
		lock_take(&s->lock);
		for (struct segment *other = s->first; other != NULL;
		     other = other->next)
			if (base < other->base + other->bytes &&
			    other->base < end &&
			    (lowest == NULL || other->base < lowest->base))
				lowest = other;
		lock_give(&s->lock);
	}
	return lowest;
}
