/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memtier_policy.h - a memory of memtier: its tiers, and which is next.
 *
 * A memory is made by its builder and does not change any more, except for the
 * thresholds of the dynamic policy. One thread at a time moves those: a flag
 * says that one does, and another that finds the flag up leaves the work to it.
 * Choosing takes no lock and cannot fail.
 */
#ifndef MEMKIND_MEMTIER_POLICY_H
#define MEMKIND_MEMTIER_POLICY_H

#include <stddef.h>

#include "memkind_memtier.h"

/* What is below VALUE comes from the tier before, and VALUE moves between LEAST
 * and MOST. */
struct memtier_threshold {
	size_t value;
	size_t least;
	size_t most;
};

struct memtier_tier {
	memkind_t kind;
	unsigned index; /* of the kind */
	unsigned share;
	/* Between this tier and the next one. */
	struct memtier_threshold threshold;
};

/* The settings of the dynamic policy. */
struct memtier_dynamic_settings {
	unsigned calls; /* allocations from one check to the next, 0: none */
	float trigger;  /* how far shares may be off */
	float degree;   /* by which part of it a threshold moves */
};

/* A memory of COUNT tiers, which are copied. NULL with ENOMEM. */
struct memtier_memory *memtier_policy_make(memtier_policy_t policy,
    const struct memtier_tier *tiers, size_t count,
    const struct memtier_dynamic_settings *settings);

/* The kind for a block of SIZE bytes; NULL without a memory. */
memkind_t memtier_policy_choose(struct memtier_memory *memory, size_t size);

/* To be called after each allocation from MEMORY: once in so many calls it
 * moves the thresholds of the dynamic policy. */
void memtier_policy_follow(struct memtier_memory *memory);

#endif /* MEMKIND_MEMTIER_POLICY_H */
