/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tiers.h - from settings to a memory with its tiers.
 *
 * Called once, by the constructor. Owns the kinds in files, which are never
 * destroyed. What this machine does not have, or settings that contradict each
 * other, end the process with a line. Takes no lock.
 */
#ifndef MEMTIER_TIERS_H
#define MEMTIER_TIERS_H

#include "memtier/settings.h"
#include "poolkind.h"

struct memtier_memory *tiers_make(const struct settings *settings);

/* The engine's kinds behind the tiers, in their order; NULL behind the last. */
poolkind *tiers_kind(unsigned number);

#endif /* MEMTIER_TIERS_H */
