/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memtier_account.c - see memtier_account.h.
 *
 * Every allocation of every thread counts, so one counter for a kind would be a
 * cache line that all processors fight for. Instead a thread counts in the
 * bucket that it was given, and moves what has gathered there to the kind's
 * settled sum when it is enough. Threads write to the same bucket only when
 * there are more of them than buckets. The counters of one bucket lie together:
 * 4026 kinds times 64 buckets are 2 MiB, of which a page or two of each bucket
 * in use are ever touched, as kinds have low numbers.
 *
 * That no byte is lost or counted twice: what was added for a kind is, at any
 * moment, in a bucket, or in the settled sum, or in the hand of a thread that
 * has just taken it out of a bucket and not added it to the sum yet. It goes
 * from one to the next by an atomic exchange and an atomic addition, never by a
 * load and a store, so this holds also where several threads share a bucket:
 * whoever exchanges takes along what others have put there. A thread that ends
 * leaves its part in the bucket, where it still counts. So when no thread is
 * counting, the settled sum and all buckets together are exact. Relaxed order
 * is enough, because each counter is one object, whose changes have one order,
 * and nobody concludes from a counter on other memory.
 *
 * memkind settles a bucket at 51,200 bytes. A program with less than that in
 * each bucket has no figures for its proportions at all. So the bound here
 * begins at 4 KiB and grows with the kind, to 51,200 at most: a bucket holds
 * back less than a 1024th of what the kind has, or than 4 KiB.
 */
#include "memkind/memtier_account.h"

#include <stdatomic.h>

#include "memkind/kinds.h"

#define CACHE_LINE 64

/* Bytes: the bounds of the bound. */
#define SETTLE_MIN 4096
#define SETTLE_MAX 51200

static struct {
	_Alignas(CACHE_LINE) _Atomic int64_t unsettled[MEMKIND_KINDS_MAX];
} buckets[MEMTIER_BUCKETS];

static struct {
	_Alignas(CACHE_LINE) _Atomic int64_t bytes;
} settled[MEMKIND_KINDS_MAX];

_Thread_local unsigned memtier_bucket_given;

/* Buckets are given out in turn, not by a hash of the thread: as long as there
 * are no more threads than buckets, each has one of its own. One that ended
 * gives nothing back. */
unsigned
memtier_bucket_give(void)
{
	static _Atomic unsigned next;

	memtier_bucket_given = 1 +
	    atomic_fetch_add_explicit(&next, 1, memory_order_relaxed) %
		MEMTIER_BUCKETS;
	return memtier_bucket_given;
}

/* The bucket is written first and looked at afterwards: the result of the
 * addition says what it has now. A bucket may be far below zero, with a thread
 * that frees what others allocate; that is settled as well. */
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

/* A sum may be below zero: while others count, when a free was seen and the
 * allocation before it, in another bucket, was not; and after blocks of
 * memkind_malloc() were freed by memtier, which breaks a rule of its header. */
static size_t
at_least_zero(int64_t bytes)
{
	return bytes < 0 ? 0 : (size_t)bytes;
}

/* Two loads, for a policy that asks at each allocation. It misses what is in
 * the other buckets: less than the bound for each of them. */
size_t
memtier_account_estimate(unsigned index)
{
	return at_least_zero(
	    atomic_load_explicit(&settled[index].bytes, memory_order_relaxed) +
	    atomic_load_explicit(&buckets[memtier_bucket()].unsettled[index],
		memory_order_relaxed));
}

/* What a thread settles between the two loads is missed, or if it settles a
 * negative amount, counted too much; hence exact only while nobody counts. */
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
