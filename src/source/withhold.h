/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * withhold.h - shared mappings are kept out of children.
 *
 * Called under the lock of the list, which fork handlers have, too; whether a
 * fork went unseen, and whether a segment is lost, may be asked without a lock.
 * What fails says so.
 */
#ifndef SOURCE_WITHHOLD_H
#define SOURCE_WITHHOLD_H

#include "source/structures.h"

/* Sets up what tells a child from its parent, if the kernel can. */
void forks_watch(void);

/* A word that is not 0, and 0 in a child until it is known: withhold.c. */
extern _Atomic(_Atomic uint32_t *) fork_witness
    __attribute__((visibility("hidden")));

/* Whether this process is a child that no handler made ready. */
static inline bool
fork_went_unseen(void)
{
	_Atomic uint32_t *word = atomic_load(&fork_witness);

	return word != NULL && atomic_load(word) == 0;
}

/* Takes note that it is a process like any other from here on, with a stamp of
 * its own. */
void fork_set_seen(void);

/* Lets a segment into children, or not. Returns 0 or an error number. */
int segment_set_inherited(struct segment *segment, bool inherited);

/* Keeps the segment, a shared mapping, out of children, into which the handlers
 * of fork.c let it. Returns 0 or an error number. */
int segment_withhold(struct segment *segment);

/* Whether what is at the segment's addresses, if anything, is not its own,
 * since it did not come into this process. */
bool segment_is_lost(const struct segment *segment);

#endif /* SOURCE_WITHHOLD_H */
