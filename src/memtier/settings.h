/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * settings.h - what the environment asks of libmemtier: tiers, a policy, and
 * the thresholds of the policy DYNAMIC_THRESHOLD.
 *
 * Owns nothing: settings are a value, whose words lie in the environment.
 * Called once, by the constructor. What is not understood ends the process,
 * with a line that names it and says what would be. Takes no lock.
 */
#ifndef MEMTIER_SETTINGS_H
#define MEMTIER_SETTINGS_H

#include "memkind_memtier.h"
#include "support/numbers.h"

#define SETTINGS_TIERS_MAX 64

struct settings_tier {
	struct word text; /* all of it, for messages */
	struct word kind;
	struct word path; /* of FS_DAX alone, and its limit; 0: none */
	size_t limit;
	size_t ratio;
};

/* The values of a threshold: INIT_VAL, MIN_VAL, MAX_VAL. */
enum settings_value { VALUE_INIT, VALUE_MIN, VALUE_MAX, VALUES };
struct settings_threshold {
	/* As they were written; a text of NULL: not given. */
	struct word given[VALUES];
	size_t bytes[VALUES];
};

struct settings {
	memtier_policy_t policy;
	unsigned tier_count, threshold_count;
	struct settings_tier tiers[SETTINGS_TIERS_MAX];
	struct settings_threshold thresholds[SETTINGS_TIERS_MAX];
};

/* The level of the log, the tiers, the policy, the thresholds. */
void settings_read(struct settings *settings);

#endif /* MEMTIER_SETTINGS_H */
