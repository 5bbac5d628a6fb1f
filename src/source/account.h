/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * account.h - how much a source has committed, and how much it may.
 *
 * The account is that of all sources of a kind: struct account says how it is
 * changed, without a lock. What a source has of it is under its own lock.
 */
#ifndef SOURCE_ACCOUNT_H
#define SOURCE_ACCOUNT_H

#include "source/structures.h"

/* Claims BYTES of the limit; false, and nothing is claimed, where that would
 * pass it. */
static inline bool
account_claim(struct account *account, size_t bytes)
{
	size_t limit = atomic_load(&account->limit);
	size_t claimed = atomic_load(&account->claimed);

	do
		if (limit != 0 && (bytes > limit || claimed > limit - bytes))
			return false;
	while (!atomic_compare_exchange_weak(
	    &account->claimed, &claimed, claimed + bytes));
	return true;
}

/* Notes that BYTES claimed before are committed now. */
static inline void
account_commit(struct account *account, size_t bytes)
{
	size_t committed = atomic_fetch_add(&account->committed, bytes) + bytes;
	size_t peak = atomic_load(&account->peak);

	while (peak < committed &&
	    !atomic_compare_exchange_weak(&account->peak, &peak, committed))
		;
}

/* Counts BYTES as committed no longer. */
static inline void
source_uncount(struct source *source, size_t bytes)
{
	source->committed -= bytes;
	atomic_fetch_sub(&source->account->committed, bytes);
	atomic_fetch_sub(&source->account->claimed, bytes);
}

static inline bool
account_is_over_limit(const struct account *account)
{
	size_t limit = atomic_load(&account->limit);

	return limit != 0 && atomic_load(&account->committed) > limit;
}

#endif /* SOURCE_ACCOUNT_H */
