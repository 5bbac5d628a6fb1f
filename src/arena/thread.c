/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * thread.c - see thread.h.
 *
 * Owns the records of threads and caches, the list of all threads, and the key
 * by whose destructor a thread's end is noticed. It does not see jemalloc's
 * headers, with which pthread_setspecific() is another function (system.h).
 */
#include "arena/thread.h"

#include <pthread.h>

#include "arena/bin.h"
#include "arena/cache.h"
#include "base/annotate.h"
#include "os/os.h"
#include "os/records.h"

/* No thread's: in place before its first block, and after its record went. They
 * have no caches and find nothing. */
#define NO_LOOKUPS \
	{ \
		[0 ... LOOKUPS - 1] = {.leafkey = 1 } \
	}
static struct thread nobody = { .lookup = NO_LOOKUPS };
static struct thread gone = { .lookup = NO_LOOKUPS };
_Thread_local struct thread *thread_self = &nobody;

struct lock registry_lock = LOCK_INIT;

static struct thread *all_threads;
static unsigned threads_made;
static pthread_key_t thread_key;
static _Atomic bool has_caches;

/* ---- Caches ------------------------------------------------------------- */

/* The heap's addresses may be another's as soon as it is closed. */
static void
forget_recent(struct thread *thread, const struct cache *cache)
{
	if (thread->recent.cache == cache)
		atomic_store_explicit(
		    &thread->recent.bytes, 0, memory_order_relaxed);
}

/* Frees the stacks; what was handed out of them ever. */
static uint64_t
free_stacks(struct cache *cache)
{
	uint64_t requests = 0;

	for (unsigned i = 0; i < CACHE_BINS; i++) {
		struct bin *bin = &cache->bin[i];

		requests += bin_requests(cache, i);
		record_free(bin->block, bin->capacity * sizeof(void *));
	}
	return requests;
}

static void
cache_unlink(struct cache *cache)
{
	*cache->heap_link = cache->heap_next;
	if (cache->heap_next != NULL)
		cache->heap_next->heap_link = cache->heap_link;
	*cache->thread_link = cache->thread_next;
	if (cache->thread_next != NULL)
		cache->thread_next->thread_link = cache->thread_link;
}

void
cache_delete(struct cache *cache)
{
	struct heap *heap = cache->heap;
	struct thread *thread = cache->thread;

	atomic_fetch_add(&heap->requests, free_stacks(cache));
	cache_unlink(cache);
	thread->cache[heap->id] = NULL;
	if (thread->cache[heap->alias] == cache)
		thread->cache[heap->alias] = NULL;
	forget_recent(thread, cache);
	record_free(cache, sizeof(*cache));
}

static void
cache_link(struct cache *cache)
{
	struct heap *heap = cache->heap;
	struct thread *thread = cache->thread;

	cache->heap_next = heap->caches;
	cache->heap_link = &heap->caches;
	if (heap->caches != NULL)
		heap->caches->heap_link = &cache->heap_next;
	heap->caches = cache;
	cache->thread_next = thread->caches;
	cache->thread_link = &thread->caches;
	if (thread->caches != NULL)
		thread->caches->thread_link = &cache->thread_next;
	thread->caches = cache;
	thread->cache[heap->id] = cache;
}

static struct cache *
cache_new(struct thread *thread, struct heap *heap)
{
	struct cache *cache = record_new(sizeof(*cache));

	if (cache == NULL)
		return NULL;
	cache->heap = heap;
	cache->page_bins = source_marks_of(source_base(heap->source));
	cache->thread = thread;
	cache->ordinal = thread->ordinal;
	cache->revocation = cache_usable;
	for (unsigned i = 1; i < CACHE_BINS; i++)
		cache->bin[i].low_bits = bin_low_bits(i);
	lock_take(&registry_lock);
	lock_take(&heap->lock);
	cache_link(cache);
	lock_give(&heap->lock);
	lock_give(&registry_lock);
	return cache;
}

struct cache *
cache_of(struct heap *heap)
{
	struct thread *thread = thread_here();
	struct cache *cache;

	if (thread == &gone || thread == &nobody)
		return NULL;
	cache = thread->cache[heap->id];
	return cache != NULL ? cache : cache_new(thread, heap);
}

struct cache *
cache_follow(struct heap *heap)
{
	struct cache *cache = cache_of(heap);
	struct cache *before = thread_self->cache[heap->alias];

	if (cache == NULL || cache == before)
		return cache;
	if (before != NULL) {
		cache_enter_patiently(before);
		cache_empty(before);
		cache_leave_and_wake(before);
		before->is_under_alias = false;
	}
	thread_self->cache[heap->alias] = cache;
	cache->is_under_alias = true;
	return cache;
}

/* ---- Threads ------------------------------------------------------------ */

/* Under registry_lock and the locks of the heaps. */
static void
delete_caches(struct thread *thread)
{
	while (thread->caches != NULL) {
		cache_empty(thread->caches);
		cache_delete(thread->caches);
	}
}

/* The same, under registry_lock alone. A heap's lock makes who revoked the
 * cache wait, or waits for him. */
static void
delete_caches_one_by_one(struct thread *thread)
{
	while (thread->caches != NULL) {
		struct heap *heap = thread->caches->heap;

		lock_take(&heap->lock);
		cache_empty(thread->caches);
		cache_delete(thread->caches);
		lock_give(&heap->lock);
	}
}

static void
thread_link(struct thread *thread)
{
	thread->next = all_threads;
	thread->link = &all_threads;
	if (all_threads != NULL)
		all_threads->link = &thread->next;
	all_threads = thread;
}

static void
thread_unlink(struct thread *thread)
{
	*thread->link = thread->next;
	if (thread->next != NULL)
		thread->next->link = thread->link;
}

/* The destructor of a thread. What it frees later goes without a cache. */
static void
thread_exit(void *record)
{
	struct thread *thread = record;

	thread_self = &gone;
	lock_take(&registry_lock);
	delete_caches_one_by_one(thread);
	thread_unlink(thread);
	tsd_end();
	os_unmap(thread, sizeof(*thread));
	lock_give(&registry_lock);
}

/* Has libc call thread_exit(). It may call malloc for that, which may be ours:
 * meanwhile the thread is one without caches. */
static bool
watch_exit(struct thread *thread)
{
	thread_self = &gone;
	if (pthread_setspecific(thread_key, thread) == 0)
		return true;
	thread_self = &nobody;
	return false;
}

static void
thread_new(void)
{
	struct thread *thread;
	void *memory;

	if (thread_borrows != 0 || os_map(sizeof(*thread), &memory) != 0)
		return;
	thread = memory;
	if (!watch_exit(thread)) {
		os_unmap(memory, sizeof(*thread));
		return;
	}
	os_wipe_in_child(memory, THREAD_WIPED);
	tsd_begin(thread->tsd);
	tsd_begin_lookups(thread->lookup);
	thread->has_lookup = true;
	lock_take(&registry_lock);
	thread->ordinal = threads_made++;
	thread_link(thread);
	lock_give(&registry_lock);
	thread_self = thread;
}

struct thread *
thread_here(void)
{
	if (unlikely(thread_self == &nobody) && atomic_load(&has_caches))
		thread_new();
	return thread_self;
}

/* As early as can be, as what a thread keeps for a key that comes late would be
 * allocated by libc. No lock is held, since who stands before libc's function
 * may allocate. Until there is a key all threads do without caches, under
 * valgrind for ever, which wants to see every block come and go. */
__attribute__((constructor)) void
threads_start(void)
{
	static _Atomic bool begun;

	if (atomic_exchange(&begun, true))
		return;
	revocation_start();
	if (!annotate_is_on() &&
	    pthread_key_create(&thread_key, thread_exit) == 0)
		atomic_store(&has_caches, true);
}

/* ---- In the child of a fork --------------------------------------------- */

/* The table by heap id was wiped (struct thread); the list was not. */
void
thread_adopt_caches(void)
{
	struct thread *thread = thread_self;

	for (struct cache *c = thread->caches; c != NULL; c = c->thread_next) {
		thread->cache[c->heap->id] = c;
		if (c->is_under_alias)
			thread->cache[c->heap->alias] = c;
	}
}

void
threads_reap_others(void)
{
	struct thread *next;

	for (struct thread *t = all_threads; t != NULL; t = next) {
		next = t->next;
		if (t == thread_self)
			continue;
		delete_caches(t);
		thread_unlink(t);
		os_unmap(t, sizeof(*t));
	}
}
