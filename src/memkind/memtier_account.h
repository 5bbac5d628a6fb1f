/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memtier_account.h - how many bytes memtier has allocated from each kind.
 *
 * Owns a fixed number of buckets, each with a counter for every kind, and a
 * settled sum for each kind. A thread has one bucket for its life, counts
 * there, and moves what has gathered to the settled sum when it is enough:
 * memtier_account.c says when, and why the sums are right. Called by memtier's
 * allocation functions and policies. Takes no lock, cannot fail.
 */
#ifndef MEMKIND_MEMTIER_ACCOUNT_H
#define MEMKIND_MEMTIER_ACCOUNT_H

#include "base/base.h"

#define MEMTIER_BUCKETS 64

/* The calling thread's bucket and one, or 0 if it has none yet. */
extern _Thread_local unsigned memtier_bucket_given
    __attribute__((tls_model("initial-exec")));
unsigned memtier_bucket_give(void);

/* The calling thread's bucket. */
static inline unsigned
memtier_bucket(void)
{
	unsigned given = memtier_bucket_given;

	return (likely(given != 0) ? given : memtier_bucket_give()) - 1;
}

/* The kind with the number INDEX has BYTES more, or less if they are below
 * zero. */
void memtier_account_add(unsigned index, int64_t bytes);

/* What the kind has, as far as the calling thread knows: the settled sum and
 * its own bucket. Exact if no other thread ever counted, and cheap enough to be
 * asked at each allocation. */
size_t memtier_account_estimate(unsigned index);

/* What the kind has: exact when no thread counts meanwhile. */
size_t memtier_account_exact(unsigned index);

/* The kind was destroyed, its blocks are gone: the next one with its number
 * begins at zero. No thread counts for it. */
void memtier_account_forget(unsigned index);

#endif /* MEMKIND_MEMTIER_ACCOUNT_H */
