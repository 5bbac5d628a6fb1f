/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nodes.c - whether the nodes of a source are there. See nodes.h, source.h.
 *
 * The memory of a node can be taken offline while kinds have pages there. The
 * kernel moves these to other nodes, whatever their policy is, and a policy
 * whose nodes are all away counts for nothing (policy.c). So blocks stay whole,
 * what was handed out and is touched later comes from elsewhere, and free
 * memory that a kind has goes on being handed out. What takes pages anew asks:
 * a source that binds gets none, and here it says why.
 *
 * Owns a word of each source, which says that this was so when pages were last
 * wanted: the quick answer of a full kind needs no question to the kernel. Not
 * of memkind's kinds, whose programs know ENOMEM alone. Takes the source's
 * lock. Nothing fails.
 */
#include "source/nodes.h"

#include "base/bits.h"
#include "source/policy.h"

static unsigned
first_missing(const struct source *source, const uint64_t *allowed)
{
	const uint64_t *nodes = source_nodes(source);
	size_t node = 0;

	while ((node = bits_find(nodes, node, SPEC_NODES_MAX, true)) <
		SPEC_NODES_MAX &&
	    bits_test(allowed, node))
		node++;
	return (unsigned)node;
}

bool
nodes_are_gone(const struct source *source)
{
	const uint64_t *nodes = source_nodes(source);
	uint64_t allowed[SPEC_NODES_MAX / 64], there = 0;

	if (os_allowed_nodes(allowed, SPEC_NODES_MAX) != 0)
		return false;
	for (size_t i = 0; i < SPEC_NODES_MAX / 64; i++)
		there |= nodes[i] & allowed[i];
	return there == 0;
}

void
nodes_keep_there(uint64_t *nodes)
{
	uint64_t there[SPEC_NODES_MAX / 64], any = 0;

	if (os_allowed_nodes(there, SPEC_NODES_MAX) != 0)
		return;
	for (size_t i = 0; i < SPEC_NODES_MAX / 64; i++)
		any |= there[i] &= nodes[i];
	if (any != 0)
		__builtin_memcpy(nodes, there, sizeof(there));
}

void
nodes_note(struct source *source)
{
	if (!policy_is_strict(source) || source->spec->plain_policy)
		return;
	lock_take(&source->lock);
	atomic_store(&source->lost, nodes_are_gone(source));
	lock_give(&source->lock);
}

bool
source_is_lost(struct source *source)
{
	if (likely(!atomic_load_explicit(&source->lost, memory_order_relaxed)))
		return false;
	nodes_note(source);
	return atomic_load(&source->lost);
}

unsigned
source_look_for_nodes(struct source *source, const uint64_t *allowed)
{
	unsigned missing = SPEC_NODES_MAX;

	lock_take(&source->lock);
	for (struct segment *s = source->first; s != NULL; s = s->next)
		policy_follow_nodes(s);
	if (source_has_nodes(source))
		missing = first_missing(source, allowed);
	lock_give(&source->lock);
	return missing;
}
