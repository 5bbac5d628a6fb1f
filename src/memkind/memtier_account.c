/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memtier_account.c - see memtier_account.h.
 *
 * The counters of a bucket lie together, those of different buckets apart: no
 * two threads write the same cache line until there are more of them than
 * buckets. The array is large and stays untouched but for a page a bucket.
 */
#include "memkind/memtier_account.h"

#include <stdatomic.h>

#include "memkind/kinds.h"

#define CACHE_LINE 64

/* A bucket keeps less than this, or than a 1024th of what the kind has. */
#define SETTLE_MIN 4096
#define SETTLE_MAX 51200

static struct {
	_Alignas(CACHE_LINE) _Atomic int64_t unsettled[MEMKIND_KINDS_MAX];
} buckets[MEMTIER_BUCKETS];

static struct {
	_Alignas(CACHE_LINE) _Atomic int64_t bytes;
} settled[MEMKIND_KINDS_MAX];

_Thread_local unsigned memtier_bucket_given;

unsigned
memtier_bucket_give(void)
{
	static _Atomic unsigned next;

	memtier_bucket_given = 1 +
	    atomic_fetch_add_explicit(&next, 1, memory_order_relaxed) %
		MEMTIER_BUCKETS;
	return memtier_bucket_given;
}

void
memtier_account_add(unsigned index, int64_t bytes)
{
	_Atomic int64_t *mine = &buckets[memtier_bucket()].unsettled[index];
	_Atomic int64_t *sum = &settled[index].bytes;
	int64_t gathered = bytes +
	    atomic_fetch_add_explicit(mine, bytes, memory_order_relaxed);
	int64_t most = atomic_load_explicit(sum, memory_order_relaxed) / 1024;

	if (most < SETTLE_MIN)
		most = SETTLE_MIN;
	if (most > SETTLE_MAX)
		most = SETTLE_MAX;
	if (likely(gathered < most && gathered > -most))
		return;
	gathered = atomic_exchange_explicit(mine, 0, memory_order_relaxed);
	atomic_fetch_add_explicit(sum, gathered, memory_order_relaxed);
}

/* Below zero is who freed here what was allocated elsewhere. */
static size_t
at_least_zero(int64_t bytes)
{
	return bytes < 0 ? 0 : (size_t)bytes;
}

size_t
memtier_account_estimate(unsigned index)
{
	return at_least_zero(
	    atomic_load_explicit(&settled[index].bytes, memory_order_relaxed) +
	    atomic_load_explicit(&buckets[memtier_bucket()].unsettled[index],
		memory_order_relaxed));
}

size_t
memtier_account_exact(unsigned index)
{
	int64_t bytes = atomic_load(&settled[index].bytes);

	for (size_t i = 0; i < MEMTIER_BUCKETS; i++)
		bytes += atomic_load(&buckets[i].unsettled[index]);
	return at_least_zero(bytes);
}

void
memtier_account_forget(unsigned index)
{
	/* A bucket that nobody used stays untouched. */
	for (size_t i = 0; i < MEMTIER_BUCKETS; i++)
		if (atomic_load(&buckets[i].unsettled[index]) != 0)
			atomic_store(&buckets[i].unsettled[index], 0);
	atomic_store(&settled[index].bytes, 0);
}
