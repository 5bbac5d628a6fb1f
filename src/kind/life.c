/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * life.c - see life.h.
 *
 * Opening, step by step:
 *
 *   a record and an id       kind_record()     the handle exists, leads nowhere
 *   name and text            kind_describe()
 *   sources and heaps        kind_open_heaps() one, or one for each locality
 *   what the text came to    kind_resolve()
 *   the fallback, the list   kind_link()       the handle leads to the kind
 *
 * It fails with errno and a sentence, and leaves nothing behind: until the last
 * step no other thread can know the kind, so it is undone without a lock.
 * Closing goes the other way: kind_unlink() makes the handle lead nowhere, then
 * the heaps are closed, the record and the id go.
 */
#include "kind/life.h"

#include "base/probe.h"
#include "kind/facade.h"
#include "kind/kinds.h"
#include "kind/open_heaps.h"

/* Fork handlers come first: from the first kind on a fork must find them. */
poolkind *
kind_new(const struct spec *spec, void *region,
    const struct localities *localities, struct kind *next)
{
	struct spec found = *spec;
	struct kind *kind;

	poolkind_follow_forks();
	kind = kind_record();
	if (kind == NULL)
		return NULL;
	marks_set(&kind->marks, spec);
	if (kind_describe(kind, spec, next) == 0 &&
	    kind_open_heaps(kind, &found, region, localities) == 0) {
		if (kind_resolve(kind, &found, next) == 0 &&
		    kind_link(kind, spec->fallback, next) == 0) {
			PROBE_OPENED(kind->handle, kind->name, kind->text);
			return kind->handle;
		}
		kind_close_heaps(kind);
	}
	kind_delete(kind);
	return NULL;
}

void
kind_end(struct kind *kind)
{
	while (kind != NULL) {
		struct kind *next = kind_next_link(kind);

		PROBE_CLOSED(kind->handle, kind->name);
		map_end(kind);
		kind_close_heaps(kind);
		kind_delete(kind);
		kind = next;
	}
}
