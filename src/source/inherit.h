/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inherit.h - what of a source a process may use: all of it, what had been
 * handed out, or nothing.
 *
 * Called under the lock of the list. Cannot fail.
 */
#ifndef SOURCE_INHERIT_H
#define SOURCE_INHERIT_H

#include "source/structures.h"

/* Finds out which regions are mapped shared, at the first fork after they were
 * opened. */
void sources_learn_mappings(void);

/* Whether both processes see the same pages after a fork. */
bool source_is_shared(const struct source *source);

/* In a child that no handler knew of: takes note of what it may not use, so
 * that from here on it is a process like any other. */
void forks_settle_unseen(void);

#endif /* SOURCE_INHERIT_H */
