/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * thread.c - see thread.h.
 *
 * Owns the records of threads and caches, the list of all threads, the records
 * of some that have ended, and the key by whose destructor a thread's end is
 * noticed. It does not see jemalloc's headers, with which pthread_setspecific()
 * is another function (system.h).
 *
 * thread_self always points to a record, so that the fast path need not ask
 * whether there is one: to `nobody` until the thread's first block, then to one
 * of its own, to `gone` when that was taken apart. The two stand-ins are shared
 * by all threads, have no caches, and are never written to. They are told apart
 * since a thread with the first gets a record at its next slow path, and one
 * with the second never again: otherwise a later destructor of the thread that
 * allocates or frees would have a record made that nobody deletes.
 *
 * Who may touch what: only its own thread reads thread->cache[] without a lock.
 * Another thread writes to it, under registry_lock, when it closes a heap: by
 * then nobody may use that heap, so nobody reads that entry. The lists of
 * caches are changed under registry_lock, that of a heap under heap->lock too,
 * unless the heap is being closed.
 */
#include "arena/thread.h"

#include <pthread.h>
#include <string.h>

#include "arena/background.h"
#include "arena/bin.h"
#include "arena/cache.h"
#include "arena/recording.h"
#include "base/annotate.h"
#include "base/list.h"
#include "os/os.h"
#include "os/records.h"

/* The look-ups of the stand-ins have a key that no address has, 1, as jemalloc
 * marks empty ones: so nothing is found in them, and nobody who looks there
 * needs to ask whether it is a stand-in. has_lookup is false, so nobody writes
 * there. */
#define NO_LOOKUPS \
	{ \
		[0 ... LOOKUPS - 1] = {.leafkey = 1 } \
	}
static struct thread nobody = { .lookup = NO_LOOKUPS };
static struct thread gone = { .lookup = NO_LOOKUPS };
_Thread_local struct thread *thread_self = &nobody;

/* So many frees do not make a record: thread_may_begin(). */
#define FREES_WITHOUT 32

/* Records of threads that have ended, kept for those that come: a new one costs
 * three system calls and as many page faults. */
#define SPARES_MAX 16

struct lock registry_lock = LOCK_INIT;

static struct thread *all_threads;
static unsigned threads_made;
static struct thread *spare; /* by their `next` */
static unsigned spares;
static pthread_key_t thread_key;
static _Atomic bool has_caches;

/* ---- Caches ------------------------------------------------------------- */

/*
 * Has the thread forget that it last freed a block into CACHE, which goes. Its
 * addresses may be those of another heap as soon as this one is closed, and
 * frees of blocks there would go into a cache that is no more. The store is
 * relaxed: whoever frees a block of the other heap was given it after that heap
 * was opened, which came after this store, so he sees it.
 */
static void
forget_recent(struct thread *thread, const struct cache *cache)
{
	if (thread->recent.cache == cache)
		atomic_store_explicit(
		    &thread->recent.bytes, 0, memory_order_relaxed);
}

/* Frees the memory of the stacks, not the blocks in them. Returns how many
 * blocks were ever handed out of them, which statistics go on counting. */
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

	atomic_store(&cache->serial, 0);
	atomic_fetch_add(&heap->requests, free_stacks(cache));
	atomic_fetch_add(heap->settled, atomic_load(&cache->gathered));
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

/*
 * A new cache, entered into both lists; NULL if there is no memory, then the
 * thread does without, and tries again at its next slow path.
 *
 * It is complete before it is entered, and heap->lock is held for that: whoever
 * revokes the caches of the heap holds this lock until they are usable again,
 * so he either finds the new one among them, or is done before it exists. Bins
 * have no room yet; they get it from the quota at the first block (bin_grow()).
 */
static struct cache *
cache_new(struct thread *thread, struct heap *heap)
{
	static _Atomic uint64_t serial;
	struct cache *cache = record_new(sizeof(*cache));

	if (cache == NULL)
		return NULL;
	cache->serial = atomic_fetch_add(&serial, 1) + 1;
	cache->heap = heap;
	cache->settled = heap->settled;
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

/* Only this thread makes caches for itself, so that none can appear between the
 * look and cache_new(). */
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

/*
 * For a kind of scope local, where `before` is the cache of the place in which
 * the thread ran until now. From here on allocations do not reach it, since the
 * alias leads to the other one, so its blocks are given back instead of lying
 * there until the thread comes back. It stays a cache: frees of blocks of that
 * place still go there (heaps.h has the example). Where there is no memory for
 * the new cache the thread keeps the old one under the alias.
 */
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

/* ---- Records of threads ------------------------------------------------- */

/*
 * A record whose table of caches is empty, and nothing is set of what stands
 * before jemalloc's; NULL without memory.
 *
 * The table is wiped by the kernel in a child (MADV_WIPEONFORK, Linux 4.14):
 * struct thread in structures.h says why. An older kernel refuses, and the
 * caches are in such a child as in any other.
 */
static struct thread *
take_record(void)
{
	struct thread *thread;
	void *memory;

	lock_take(&registry_lock);
	thread = spare;
	if (thread != NULL) {
		spare = thread->next;
		spares--;
	}
	lock_give(&registry_lock);
	if (thread != NULL) {
		memset(&thread->caches, 0,
		    offsetof(struct thread, tsd) - THREAD_WIPED);
		memset(&thread->recent, 0, sizeof(thread->recent));
		return thread;
	}
	if (os_map(sizeof(*thread), &memory) != 0)
		return NULL;
	os_wipe_in_child(memory, THREAD_WIPED);
	return memory;
}

/* Under registry_lock. */
static void
give_record(struct thread *thread)
{
	if (spares == SPARES_MAX) {
		os_unmap(thread, sizeof(*thread));
		return;
	}
	thread->next = spare;
	spare = thread;
	spares++;
}

/* ---- Threads ------------------------------------------------------------ */

/* Returns the blocks and deletes the caches of a thread that is gone: in the
 * child of a fork, with registry_lock and every heap's lock held. */
static void
delete_caches(struct thread *thread)
{
	while (thread->caches != NULL) {
		cache_empty(thread->caches);
		cache_delete(thread->caches);
	}
}

/* The same for the calling thread, under registry_lock alone. Another thread
 * may just have revoked one of these caches, to empty it or to count. He holds
 * the heap's lock as long as he does, so this waits for him; once the lock is
 * ours, nobody else is at the cache, and it need not be entered. */
static void
delete_caches_one_by_one(struct thread *thread)
{
	while (thread->caches != NULL) {
		struct heap *heap = thread->caches->heap;

		lock_take(&heap->lock);
		if (heap_is_recorded(heap))
			recording_tell_cache(thread->caches);
		cache_empty(thread->caches);
		cache_delete(thread->caches);
		lock_give(&heap->lock);
	}
}

/*
 * The end of a thread, called by libc for our key. First the thread becomes one
 * without caches: what it frees from here on, in destructors of other keys or
 * in a signal handler, goes straight to the arenas. Its cached blocks are
 * returned while it still has its record of jemalloc's, which goes last.
 *
 * All of it is under registry_lock, which a fork takes, too: so the child finds
 * the thread whole, in the list and with caches that it reaps, or finds nothing
 * of it. Otherwise jemalloc's list of records could lead to memory that is
 * another thread's already.
 *
 * RECORD need not be this thread's. One that was made behind the destructors of
 * its thread (thread_may_begin()) stays with the stack, as libc keeps stacks
 * and the values of keys with them; then it is that of the thread before.
 */
static void
thread_exit(void *record)
{
	struct thread *thread = record;

	thread_self = &gone;
	lock_take(&registry_lock);
	delete_caches_one_by_one(thread);
	LIST_REMOVE(thread);
	tsd_end(thread->tsd);
	give_record(thread);
	lock_give(&registry_lock);
	if (os_is_first_thread())
		background_first_ends();
}

/*
 * Has libc call thread_exit() for this record; false if it cannot.
 *
 * For a key beyond the first 32 glibc allocates a block for the thread, by
 * malloc(3), which may be ours: that request comes back into the engine, and
 * would find a thread without a record, and make one, again and again.
 * Therefore the thread passes for one that is gone meanwhile, and the request
 * is served without a cache. Where it succeeds the caller puts the new record
 * in place of that.
 */
static bool
watch_exit(struct thread *thread)
{
	thread_self = &gone;
	if (pthread_setspecific(thread_key, thread) == 0)
		return true;
	thread_self = &nobody;
	return false;
}

/*
 * Makes the record of the calling thread, at its first slow path. If there is
 * no memory for it, or libc has none, the thread goes on without, and tries
 * again next time: nothing is left behind.
 *
 * Not while the thread is inside an arena with a borrowed record of jemalloc's:
 * jemalloc would find another one in the midst of its work.
 */
static void
thread_new(void)
{
	struct thread *thread = thread_borrows == 0 ? take_record() : NULL;

	if (thread == NULL)
		return;
	if (!watch_exit(thread)) {
		lock_take(&registry_lock);
		give_record(thread);
		lock_give(&registry_lock);
		return;
	}
	tsd_begin(thread->tsd);
	tsd_begin_lookups(thread->lookup);
	thread->has_lookup = true;
	lock_take(&registry_lock);
	thread->ordinal = threads_made++;
	LIST_PUSH(&all_threads, thread);
	lock_give(&registry_lock);
	thread_self = thread;
}

/* Blocks that a thread without a record has freed on slow paths. */
static _Thread_local unsigned frees_without;

/*
 * A thread that allocates has a record from then on. One that only frees needs
 * it as well, or each free would take the slow path for good; but libc frees in
 * threads that are about to end, behind the destructors of keys: what it kept
 * for them, and what belongs to stacks that it kept for later threads. A record
 * that is made there is never taken apart. So a few frees make none; and where
 * many come, libc has blocked even its own signals by then, which nobody else
 * can.
 */
bool
thread_may_begin(void)
{
	if (likely(thread_self != &nobody))
		return true;
	return ++frees_without >= FREES_WITHOUT && !os_thread_is_ending();
}

/* Called on slow paths: the fast paths read thread_self, whatever it is. */
struct thread *
thread_here(void)
{
	if (unlikely(thread_self == &nobody) && atomic_load(&has_caches))
		thread_new();
	return thread_self;
}

/*
 * Makes the key. As early as can be, since the first 32 keys of a process cost
 * a thread no memory in glibc (watch_exit()). No lock is held:
 * pthread_key_create() may be another library's function, which may allocate.
 *
 * Whoever comes second returns at once, perhaps before the key is there. He is
 * not harmed: until has_caches is set, which is last, all threads do without
 * records and caches. So they do for ever if there is no key to be had, and
 * under valgrind, which wants to see every block come and go.
 */
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

/* The table by heap id was wiped as the child was made, but the list was not,
 * and has all caches of the thread: the table is filled from it. */
void
thread_adopt_caches(void)
{
	struct thread *thread = thread_self;

	for (struct cache *c = thread->caches; c != NULL; c = c->thread_next) {
		thread->cache[c->heap->id] = c;
		if (heap_is_recorded(c->heap))
			recording_forget(c);
		if (c->is_under_alias)
			thread->cache[c->heap->alias] = c;
	}
}

/* The other threads do not exist here, but what they had in their caches does.
 * The caches are at rest, as the fork revoked them. jemalloc's records of these
 * threads, which lie in ours, need no end: its own fork handler has forgotten
 * all but that of the calling thread. */
void
threads_reap_others(void)
{
	struct thread *next;

	for (struct thread *t = all_threads; t != NULL; t = next) {
		next = t->next;
		if (t == thread_self)
			continue;
		delete_caches(t);
		LIST_REMOVE(t);
		give_record(t);
	}
}
