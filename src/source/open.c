/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * open.c - the life of a source. See source.h.
 *
 * Called by arena/, kind/ and the shim. Opening fails with a sentence, and
 * leaves nothing behind. Owns nothing: sources are listed by registry.c, their
 * segments made by grow.c and segment.c.
 */
#include <errno.h>

#include "base/error.h"
#include "os/records.h"
#include "source/explain.h"
#include "source/grow.h"
#include "source/inherit.h"
#include "source/operations.h"
#include "source/possible.h"
#include "source/registry.h"
#include "source/segment.h"

/* How long free pages stay committed in the successor of a source that had its
 * space reserved. */
#define SUCCESSOR_IDLE_MS 10000

/* Ends a source that is in no list (any more). Under the list's lock. */
static void
source_discard(struct source *source)
{
	while (source->first != NULL) {
		struct segment *segment = source->first;

		source->first = segment->next;
		segment_delete(segment);
	}
	record_free(source->moved_to, SPEC_NODES_MAX / 8);
	record_free(source->spec, spec_bytes(source->spec));
	record_free(source, sizeof(*source));
}

/* The record of a source without segments, in no list; NULL without memory. The
 * spec is copied, since the caller's lies on its stack. ACCOUNT: that of the
 * source beside which it is opened; NULL: one of its own, with the spec's
 * limit. */
static struct source *
source_new(const struct spec *spec, void *owner, struct account *account)
{
	struct source *source = record_new(sizeof(*source));
	struct spec *copy = record_new(spec_bytes(spec));

	if (source == NULL || copy == NULL) {
		record_free(source, sizeof(*source));
		record_free(copy, spec_bytes(spec));
		return NULL;
	}
	__builtin_memcpy(copy, spec, spec_bytes(spec));
	source->spec = copy;
	source->ops = ops_of(spec);
	source->owner = owner;
	source->granule = granule_of(spec);
	source->account = account == NULL ? &source->own : account;
	if (account == NULL)
		source->account->limit = spec->limit;
	return source;
}

/*
 * See source.h. It makes no file yet, and so cannot fail for anything but
 * memory; source_begin() or source_grow() does at the first allocation. It has
 * an account of its own even where the sources of the kind shared one: what the
 * parent had committed is the parent's.
 *
 * The spec is that of the old one with two differences: the space is not
 * reserved, which would double what parent and child hold together, but free
 * pages stay committed for a while; and there is no handle, which is the old
 * one's.
 */
struct source *
source_succeed(struct source *inherited)
{
	struct source *source = source_new(
	    inherited->spec, inherited->owner, NULL);

	if (source == NULL)
		return NULL;
	source->idle_most = inherited->spec->reserve ? SUCCESSOR_IDLE_MS :
						       inherited->idle_most;
	source->spec->reserve = false;
	source->spec->handle = false;
	source->account->limit = atomic_load(&inherited->account->limit);
	source->refused = inherited->spec->source != SPEC_FILE;
	lock_take(&sources_lock);
	registry_add(source);
	lock_give(&sources_lock);
	return source;
}

/*
 * See source.h. In a child that no handler saw (inherit.c), the sources of the
 * parent are settled first: afterwards this process counts as one like any
 * other, and they would be taken for its own. The sentence is found after the
 * lock is given back.
 */
struct source *
source_open(
    const struct spec *spec, void *region, void *owner, struct source *beside)
{
	struct source *source;
	int error;

	if (check_possible(spec, granule_of(spec)) != 0)
		return NULL;
	source = source_new(
	    spec, owner, beside == NULL ? NULL : beside->account);
	if (source == NULL) {
		error_set(ENOMEM, "no memory for the records of a kind");
		return NULL;
	}
	lock_take(&sources_lock);
	forks_settle_unseen();
	error = source_open_segments(source, region);
	if (error == 0)
		registry_add(source);
	else
		source_discard(source);
	lock_give(&sources_lock);
	if (error != 0) {
		source_explain(error, spec);
		return NULL;
	}
	return source;
}

void
source_close(struct source *source)
{
	lock_take(&sources_lock);
	registry_remove(source);
	source_discard(source);
	lock_give(&sources_lock);
}
