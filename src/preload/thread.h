/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * thread.h - what the rules are for the calling thread: its name, and the route
 * that follows.
 *
 * A name is read where rules ask for one, whenever the slow path is taken: at a
 * thread's first block, at each that is larger than caches keep, and at least
 * each 128th of a size. So a thread that names itself before it allocates has
 * its rules from its first block on, and one that is named later soon. Owns
 * variables of the thread. Takes no lock.
 */
#ifndef PRELOAD_THREAD_H
#define PRELOAD_THREAD_H

#include <stdbool.h>

#include "rules/table.h"

struct route;

/* The thread's route by the rules of TABLE, which is the current one from here
 * on but within a scope; NULL without memory for it. */
const struct route *thread_refresh(const struct rules_table *table);

/* The name as it was read last. */
const char *thread_name(void);

/* Whether any rule asks for a name. */
bool thread_names_matter(const struct rules_table *table);

/* Whether it is as a rule wants it. Since thread_refresh(). */
bool thread_matches(uint32_t rule);

#endif /* PRELOAD_THREAD_H */
