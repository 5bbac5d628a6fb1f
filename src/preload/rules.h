/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules.h - the rules of this process, from POOLKIND_RULES.
 *
 * They are looked for by the first request that finds libc ready to tell of the
 * environment, which libc is before the constructors of all libraries but its
 * own. Owns the pointer to the table, constant once it is there. Takes no lock.
 * What is not found or not valid is said in a line, and there are no rules.
 */
#ifndef PRELOAD_RULES_H
#define PRELOAD_RULES_H

#include "base/base.h"
#include "rules/table.h"

/* NULL: there are none, or nobody has looked yet. */
const struct rules_table *rules_known(void);

/* The same, after a look if it is time. *READY: whether that is done. */
const struct rules_table *rules_find(bool *ready);

/* Takes the variable out of the environment, and has its descriptor closed by
 * exec(2). */
void rules_keep_from_children(void);

static inline bool
rules_say(const struct rules_table *table, enum rules_flag flag)
{
	return table != NULL && (table->flags & flag) != 0;
}

#endif /* PRELOAD_RULES_H */
