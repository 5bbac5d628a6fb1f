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

/* Which of the kind's nodes, counted from the lowest, what is at OFFSET is for
 * by weights of the kind's own; -1 where it has none. It is the same up to the
 * next 2 MiB. */
int policy_place(const struct segment *segment, size_t offset);

/* Whether all of a range is bound. */
bool policy_is_bound(
    const struct segment *segment, size_t offset, size_t bytes);

/* Before a fork, after which pages are copied when they are written to. */
void policy_prefork(struct source *source);

#endif /* SOURCE_POLICY_H */
