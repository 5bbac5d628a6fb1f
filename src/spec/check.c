/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check.c - what options of a spec mean together.
 *
 * Owns nothing. Called by the parser once all options are read, so their order
 * in the text does not matter. Takes no lock, allocates nothing. Fails with
 * EINVAL and a sentence that names the option to change.
 */
#include <errno.h>

#include "base/error.h"
#include "spec/table.h"

/* The list ends at its first 0, which is not a weight. */
static unsigned
count_weights(const struct spec *spec)
{
	unsigned count = 0;

	while (count < SPEC_WEIGHTS_MAX && spec->weights[count] != 0)
		count++;
	return count;
}

/* One weight for each node, by rising number of the node: in a list like 3,0-1
 * nodes are a set, and the order in which they were written is gone. */
static int
check_weights(const struct spec *spec)
{
	unsigned nodes = spec_count_nodes(spec), weights = count_weights(spec);
	const char *source = spec_sources[spec->source].word;

	if (weights == 0 && !spec->weights_auto)
		return 0;
	if (spec->policy != SPEC_WEIGHTED)
		return error_set(EINVAL,
		    "weights= without policy=weighted-interleave: no other "
		    "policy has weights");
	if (spec->weights_auto)
		return 0;
	if (spec->all_nodes || spec_is_by_attribute(spec))
		return error_set(EINVAL,
		    "weights= with numbers and %s%s: which nodes these are is "
		    "not known before the kind is opened: write weights=auto",
		    source, spec->all_nodes ? ":all" : "");
	if (weights != nodes)
		return error_set(EINVAL,
		    "weights= has %u number%s for %u node%s: write one for "
		    "each",
		    weights, weights == 1 ? "" : "s", nodes,
		    nodes == 1 ? "" : "s");
	return 0;
}

/* The kernel takes a home node with these two policies alone
 * (set_mempolicy_home_node(2), Linux 5.17). */
static int
check_home(const struct spec *spec)
{
	if (!spec->home_given || spec->policy == SPEC_BIND ||
	    spec->policy == SPEC_PREFERRED_MANY)
		return 0;
	return error_set(EINVAL,
	    "home= without policy=bind or policy=preferred-many: no other "
	    "policy has a home node (set_mempolicy_home_node(2))");
}

/* With scope=local a kind takes from the nodes that are best for each thread:
 * which these will be is not known when it is opened. */
static int
check_reserve(const struct spec *spec)
{
	if (!spec->reserve)
		return 0;
	if (spec_is_local(spec))
		return error_set(EINVAL,
		    "reserve=yes with scope=local: there is no one set of "
		    "nodes to take all of size= from; write scope=all or "
		    "populate=yes");
	if (spec->size == 0)
		return error_set(EINVAL,
		    "reserve=yes without size=: it takes all of a size when "
		    "the kind is opened");
	if (spec->limit != 0 && spec->limit < spec->size)
		return error_set(EINVAL,
		    "reserve=yes takes all of size=, which is more than limit= "
		    "permits: raise limit= to size=");
	if (spec->background)
		return error_set(EINVAL,
		    "background=yes with reserve=yes: what was reserved is "
		    "never given back, so there is nothing to do");
	return 0;
}

static int
check_marks(const struct spec *spec)
{
	if (spec->high == 0 && (spec->low != 0 || spec->spill_from != 0))
		return error_set(EINVAL,
		    "%s= without high=: no block goes to the next kind before "
		    "this one is full",
		    spec->low != 0 ? "low" : "spill-from");
	if (spec->low != 0 && spec->low >= spec->high)
		return error_set(EINVAL,
		    "low=%u%% with high=%u%%: low= must be less, blocks come "
		    "from this kind again below it",
		    spec->low, spec->high);
	return 0;
}

int
spec_check_last(const struct spec *spec)
{
	if (spec->high == 0 || spec->fallback[0] != '\0')
		return 0;
	return error_set(EINVAL,
	    "high=%u%% without a kind to go to: write fallback=, or a chain: "
	    "\"A,high=%u%% > B\"",
	    spec->high, spec->high);
}

/* What cannot be seen from the text, such as whether the nodes exist, is found
 * out when the kind is opened (source/possible.c). */
int
check_together(const struct spec *spec)
{
	if (check_weights(spec) != 0 || check_home(spec) != 0 ||
	    check_marks(spec) != 0)
		return -1;
	if (spec->grow && spec->size == 0)
		return error_set(EINVAL,
		    "grow= without size=: a kind without a size grows as "
		    "needed, write size= to begin with one");
	return check_reserve(spec);
}
