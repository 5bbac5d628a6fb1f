/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * refresh.c - the machine looked at anew, and which kinds lack nodes. See
 * poolkind.h.
 *
 * Owns nothing. kinds_lock keeps a kind from being closed by another thread
 * while it is asked, one kind at a time. Cannot fail: where the kernel does not
 * say which nodes there are, no kind lacks one.
 */
#include "base/annotate.h"
#include "base/cut.h"
#include "base/error.h"
#include "kind/kinds.h"
#include "kind/machine.h"

#include <errno.h>

struct look {
	uint64_t allowed[SPEC_NODES_MAX / 64];
	int kinds; /* that lack a node */
};

/* The first node that the kind lacks, or SPEC_NODES_MAX. */
static unsigned
missing_of(const struct kind *kind, const uint64_t *allowed)
{
	unsigned missing = SPEC_NODES_MAX;

	annotate_enter();
	for (unsigned i = 0; i < kind_heaps(kind); i++) {
		unsigned node = source_look_for_nodes(
		    kind_heap(kind, i)->source, allowed);

		missing = node < missing ? node : missing;
	}
	annotate_leave();
	return missing;
}

static void
tell(const struct kind *kind, unsigned node)
{
	error_set(ENODEV,
	    "kind \"%s\" (%s): node %u has no memory any more: what was there "
	    "the kernel took to others; poolkind_move() takes the kind to "
	    "other nodes, and home when it is back",
	    kind->name, cut(kind->text, 60).text, node);
}

static int
look_at(void *arg, poolkind *handle)
{
	struct look *look = arg;
	struct kind *kind;
	unsigned missing;

	kinds_hold();
	kind = kind_find(handle);
	missing = kind == NULL ? SPEC_NODES_MAX :
				 missing_of(kind, look->allowed);
	if (missing != SPEC_NODES_MAX && look->kinds++ == 0)
		tell(kind, missing);
	kinds_release();
	return 0;
}

EXPORT int
poolkind_refresh(void)
{
	struct look look = { .kinds = 0 };

	machine_refresh();
	if (os_allowed_nodes(look.allowed, SPEC_NODES_MAX) == 0)
		poolkind_each_kind(look_at, &look);
	return look.kinds;
}
