/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stats.h - what RULES_STATS writes when the process ends.
 *
 * Owns nothing, takes no lock, allocates nothing.
 */
#ifndef PRELOAD_STATS_H
#define PRELOAD_STATS_H

#include "rules/table.h"

/* A line a kind, those that nobody asked for too, and one for each link of a
 * chain. */
void stats_write(const struct rules_table *table);

#endif /* PRELOAD_STATS_H */
