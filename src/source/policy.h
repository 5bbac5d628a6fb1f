/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy.h - the memory policies of a segment of anonymous memory.
 *
 * Called under the source's lock; for a new segment, that nobody else knows,
 * under the list's. What fails says so.
 */
#ifndef SOURCE_POLICY_H
#define SOURCE_POLICY_H

#include "source/structures.h"

/* Whether the source has small pages that are bound to nodes. */
bool spec_binds(const struct spec *spec);

/* The nodes that the source takes pages from, and whether it has any: those of
 * its spec, or since it was moved others. Under the list's lock or the
 * source's. */
static inline const uint64_t *
source_nodes(const struct source *source)
{
	return source->is_moved ? source->moved_to : source->spec->nodes;
}

static inline bool
source_has_nodes(const struct source *source)
{
	return source->is_moved || spec_has_nodes(source->spec);
}

/* Sets the policy of a segment that was just mapped, or whose OFFSET was mapped
 * anew: there nothing is bound then. 0 or an error number. */
int policy_open(struct segment *segment);
int policy_open_anew(struct segment *segment, size_t offset, size_t bytes);
void policy_close(struct segment *segment);

/* In a source that binds to nodes: give a range MPOL_BIND, and say whether that
 * could be done; or "preferred", with which it gets pages elsewhere when the
 * nodes are full, and return 0 or the error number. */
bool policy_bind(struct segment *segment, size_t offset, size_t bytes);
int policy_prefer(struct segment *segment, size_t offset, size_t bytes);

/* Before pages are taken in a segment that is not bound: where nodes were not
 * there when its policy was set, and are now, it gets its policy again. */
void policy_set_again(struct segment *segment);

static inline void
policy_follow_nodes(struct segment *segment)
{
	if (unlikely(segment->lacks_nodes))
		policy_set_again(segment);
}

/* Whether a source has pages on its nodes or nowhere. */
bool policy_is_strict(const struct source *source);

/* Which of the kind's nodes, counted from the lowest, what is at OFFSET is for
 * by weights of the kind's own; -1 where it has none. It is the same up to the
 * next 2 MiB. */
int policy_place(const struct segment *segment, size_t offset);

/* Whether all of a range is bound. */
bool policy_is_bound(
    const struct segment *segment, size_t offset, size_t bytes);

/*
 * When the nodes of the source have changed: gives the segment the policy for
 * the new ones. Where it binds to nodes all of it is "preferred" then, and what
 * was bound is to be settled, range by range, once its pages are there: GOOD,
 * or left as it is; policy_settled() ends that.
 */
int policy_move(struct segment *segment);
void policy_settle(
    struct segment *segment, size_t offset, size_t bytes, bool good);
void policy_settled(struct segment *segment);

/* The same for a segment without pages, which was made before they changed. */
void policy_follow(struct segment *segment);

/* In which pieces its pages go to several nodes in turn: one page, where it has
 * no transparent huge ones, or 2 MiB. */
size_t policy_slice(const struct source *source);

/* What the nodes have free, less what this source handed out since that was
 * read, for BYTES that will be touched later. And whether they fit, which then
 * counts as handed out: ENOMEM if not. */
uint64_t policy_room(struct source *source, size_t bytes);
int policy_check_room(struct source *source, size_t bytes);

/* Makes all of the source "preferred": before a fork, after which pages are
 * copied when they are written to. */
void policy_prefork(struct source *source);

#endif /* SOURCE_POLICY_H */
