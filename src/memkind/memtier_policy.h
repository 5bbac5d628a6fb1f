/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memtier_policy.h - a memory of memtier: its tiers, and which is next.
 *
 * A memory is made by its builder and does not change any more, except for the
 * thresholds of the dynamic policy. One thread at a time moves those, under a
 * lock; another that finds it taken leaves the work to its holder. Choosing
 * takes no lock and cannot fail.
 *
 * Both policies steer by what the kinds of a memory have at the moment
 * (arena/count.h): all that was allocated from them by memtier in the whole
 * process, since a kind has one account whatever memories it is a tier of. The
 * figures are estimates: they leave out what the caches of other threads have
 * gathered.
 */
#ifndef MEMKIND_MEMTIER_POLICY_H
#define MEMKIND_MEMTIER_POLICY_H

#include <stdatomic.h>
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
	_Atomic unsigned heap; /* its id, for its caches; 0: not open yet */
	unsigned share;
	double scale; /* of what it has: what the first should have then */
	memkind_t kind;
	/* Between this tier and the next one. */
	struct memtier_threshold threshold;
};

/* The settings of the dynamic policy. */
struct memtier_dynamic_settings {
	unsigned calls; /* allocations from one check to the next, 0: none */
	float trigger;  /* how far shares may be off */
	float degree;   /* by which part of it a threshold moves */
};

/* A threshold as it moves. `value` is read by every thread that allocates;
 * `distance` only by the one that moves thresholds. */
struct memtier_moving {
	_Atomic size_t value;
	double distance; /* from the wanted proportion, when last looked at */
};

/*
 * Calls are counted by thread, in one of these: a thread alone looks at the
 * thresholds after exactly so many of its calls, and several threads each after
 * as many of their own. When two share one some calls are lost, which only puts
 * the next look off.
 */
#define MEMTIER_COUNTERS 64
struct memtier_calls {
	_Alignas(64) _Atomic unsigned made; /* since the last look */
};

struct memtier_memory {
	struct memtier_calls calls[MEMTIER_COUNTERS];
	memtier_policy_t policy;
	struct memtier_dynamic_settings settings;
	struct memtier_moving *moving;
	const struct memtier_tier *last;
	struct memtier_tier tiers[];
};

/* A memory of COUNT tiers, which are copied. NULL with ENOMEM. */
struct memtier_memory *memtier_policy_make(memtier_policy_t policy,
    const struct memtier_tier *tiers, size_t count,
    const struct memtier_dynamic_settings *settings);

/* The kind for a block of SIZE bytes; NULL without a memory. */
memkind_t memtier_policy_choose(struct memtier_memory *memory, size_t size);

/* To be called after each allocation from MEMORY by the slow way: once in so
 * many calls it moves the thresholds of the dynamic policy. */
void memtier_policy_follow(struct memtier_memory *memory);

#endif /* MEMKIND_MEMTIER_POLICY_H */
