/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cache.c - free blocks of one heap, ready for one thread. See cache.h.
 *
 * Owns the records of threads and caches, and the lists they hang in. Both
 * appear when a thread first uses a heap, and go when either goes.
 */
#include "arena/cache.h"

#include <errno.h>
#include <string.h>

#include "base/annotate.h"
#include "base/bits.h"
#include "os/os.h"
#include "os/records.h"

/* A bin has room for 64 KiB of blocks, within these bounds. */
#define BIN_BYTES (64 * KIB)
#define BIN_SLOTS_LEAST 8
#define BIN_SLOTS_MOST 128

/* So many bins at once are looked at for being idle. */
#define IDLE_STEPS 8

/* One cache takes at most this part of what all caches of a heap may hold, or
 * as much as it leaves for others. */
#define LEASE_SHARE 8

/* No thread's: in place before its first block, and after its record went. They
 * have no caches and find nothing. */
#define NO_LOOKUPS \
	{ \
		[0 ... LOOKUPS - 1] = {.leafkey = 1 } \
	}
static struct thread nobody = { .lookup = NO_LOOKUPS };
static struct thread gone = { .lookup = NO_LOOKUPS };
_Thread_local struct thread *thread_self = &nobody;

uint8_t cache_bin_for[CACHE_SIZE_MAX / 8 + 1];
uint32_t cache_bin_size[CACHE_BINS];

static struct lock caches_lock = LOCK_INIT;
static struct thread *threads;
static struct heap *heaps;
static uint64_t heap_ids[HEAPS_MAX / 64 + 1]; /* a bit an id in use, from 1 */
static unsigned turns;
static pthread_key_t thread_key;
static _Atomic bool has_caches;
static enum cache_gate gate_open = GATE_OPEN; /* or fenced */

/* ---- Stopping a heap's threads outside of their caches ------------------ */

static void
shut(struct heap *heap)
{
	for (struct cache *c = heap->caches; c != NULL; c = c->heap_next)
		atomic_store(&c->gate, GATE_SHUT);
}

static void
fence_all_threads(void)
{
	if (gate_open == GATE_FENCED)
		atomic_thread_fence(memory_order_seq_cst);
	else
		os_barrier();
}

static void
wait_until_left(struct heap *heap)
{
	for (struct cache *c = heap->caches; c != NULL; c = c->heap_next)
		wait_while(&c->busy, 1);
}

/* From here to caches_go() no thread is inside a cache of the heap. */
static void
caches_stop(struct heap *heap)
{
	lock_take(&heap->lock);
	shut(heap);
	if (heap->caches != NULL)
		fence_all_threads();
	wait_until_left(heap);
}

static void
caches_go(struct heap *heap)
{
	for (struct cache *c = heap->caches; c != NULL; c = c->heap_next)
		atomic_store_explicit(
		    &c->gate, gate_open, memory_order_release);
	lock_give(&heap->lock);
}

/* Without membarrier(2) the store of busy and the load of the gate need a fence
 * of ours between them. */
bool
cache_enter_fenced(struct cache *cache)
{
	atomic_store_explicit(&cache->busy, 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_seq_cst);
	if (atomic_load(&cache->gate) == gate_open)
		return true;
	atomic_store_explicit(&cache->busy, 0, memory_order_release);
	return false;
}

/* After work that took long: somebody who shut the gate may be asleep. He has
 * us see the gate shut, or himself that we left: see cache_enter_fenced(). */
static void
leave_and_wake(struct cache *cache)
{
	cache_leave(cache);
	if (gate_open == GATE_FENCED)
		atomic_thread_fence(memory_order_seq_cst);
	else
		atomic_signal_fence(memory_order_seq_cst);
	if (atomic_load(&cache->gate) == GATE_SHUT)
		wake_all(&cache->busy);
}

/* Enters the cache, if need be after whoever shut the gate is done. */
static void
enter_patiently(struct cache *cache)
{
	while (!cache_enter_fenced(cache)) {
		lock_take(&cache->heap->lock);
		lock_give(&cache->heap->lock);
	}
}

/* ---- Bins --------------------------------------------------------------- */

static unsigned
slots_most(unsigned number)
{
	size_t slots = BIN_BYTES / cache_bin_size[number];

	return (unsigned)min_size(
	    max_size(slots, BIN_SLOTS_LEAST), BIN_SLOTS_MOST);
}

/* Leases BYTES more for the cache, if that leaves all of them in bounds. */
static bool
lease(struct cache *cache, size_t bytes)
{
	struct heap *heap = cache->heap;
	size_t most = atomic_load(&heap->lease_most);
	size_t leased = atomic_load(&heap->leased);

	do {
		if (leased > most || bytes > most - leased ||
		    cache->leased + bytes >
			max_size(most / LEASE_SHARE, most - leased))
			return false;
	} while (!atomic_compare_exchange_weak(
	    &heap->leased, &leased, leased + bytes));
	cache->leased += bytes;
	return true;
}

static void
give_up_lease(struct cache *cache, size_t bytes)
{
	atomic_fetch_sub(&cache->heap->leased, bytes);
	cache->leased -= bytes;
}

/* Memory for at least ROOM pointers, contents kept. */
static bool
bin_provide(struct bin *bin, unsigned room)
{
	void **block;

	if (bin->slots >= room)
		return true;
	block = record_new(room * sizeof(void *));
	if (block == NULL)
		return false;
	if (bin_count(bin) != 0)
		memcpy(block, bin->block, bin_count(bin) * sizeof(void *));
	record_free(bin->block, bin->slots * sizeof(void *));
	bin->head = block + bin_count(bin);
	bin->limit = block + bin_room(bin);
	bin->block = block;
	bin->slots = (uint16_t)room;
	return true;
}

/* Gives the COUNT blocks that were freed first back to their arenas. */
static void
bin_return(struct cache *cache, unsigned number, unsigned count)
{
	struct bin *bin = &cache->bin[number];

	if (count == 0)
		return;
	blocks_return(cache->heap, cache->turn, number, bin->block, count);
	bin->head -= count;
	memmove(
	    bin->block, bin->block + count, bin_count(bin) * sizeof(void *));
}

/* Gives up the room of a bin, which is empty. */
static void
bin_close(struct cache *cache, unsigned number)
{
	struct bin *bin = &cache->bin[number];

	give_up_lease(cache, bin_room(bin) * (size_t)cache_bin_size[number]);
	bin->limit = bin->block;
}

/* Gives up a bin that was not used for a while, in favour of WANTED: each call
 * looks at a few. */
static bool
give_up_idle(struct cache *cache, unsigned wanted)
{
	for (unsigned i = 0; i < IDLE_STEPS; i++) {
		unsigned number = cache->hand++ % CACHE_BINS;
		struct bin *bin = &cache->bin[number];
		uint16_t requests = (uint16_t)bin_requests(cache, number);

		if (bin_room(bin) == 0 || number == wanted)
			continue;
		if (cache->seen[number] == requests) {
			bin_return(cache, number, bin_count(bin));
			bin_close(cache, number);
			return true;
		}
		cache->seen[number] = requests;
	}
	return false;
}

/* Leases room for up to MORE blocks of a bin; returns for how many. */
static unsigned
lease_room(struct cache *cache, unsigned number, unsigned more)
{
	size_t bytes = cache_bin_size[number];

	while (more != 0 && !lease(cache, more * bytes))
		more /= 2;
	if (more == 0 && give_up_idle(cache, number) && lease(cache, bytes))
		more = 1;
	return more;
}

/* Doubles the room of a bin, or as much of that as can be leased. */
static bool
bin_grow(struct cache *cache, unsigned number)
{
	struct bin *bin = &cache->bin[number];
	unsigned most = slots_most(number);
	unsigned room = bin_room(bin);
	unsigned more = room == 0 ? BIN_SLOTS_LEAST : room;

	if (room >= most ||
	    cache_bin_size[number] > cache->heap->options.cached)
		return false;
	more = lease_room(cache, number, (unsigned)min_size(more, most - room));
	if (more == 0)
		return false;
	if (!bin_provide(bin, room + more)) {
		give_up_lease(cache, more * (size_t)cache_bin_size[number]);
		return false;
	}
	bin->limit = bin->block + room + more;
	return true;
}

static void
cache_empty(struct cache *cache)
{
	for (unsigned i = 0; i < CACHE_BINS; i++) {
		struct bin *bin = &cache->bin[i];

		bin_return(cache, i, bin_count(bin));
		bin->limit = bin->block;
	}
	give_up_lease(cache, cache->leased);
}

/* A bin that had no room is told of when it gets some: what is freed into it
 * later goes unnoticed, and a full heap must not take itself for full still. */
static void
notice(struct heap *heap)
{
	atomic_fetch_add(&heap->noticed, 1);
}

/* Marks the blocks of a bin, which were just fetched: those of one page once.
 * The cache goes over to their stretch if it is larger than its own. */
static void
mark_blocks(struct cache *cache, unsigned number)
{
	struct bin *bin = &cache->bin[number];
	size_t size = cache_bin_size[number];
	struct source_marks marks = cache->marks;
	uintptr_t page = 0;

	for (unsigned i = 0; i < bin_count(bin); i++) {
		if (align_down((uintptr_t)bin->block[i], PAGE_BYTES) == page)
			continue;
		page = align_down((uintptr_t)bin->block[i], PAGE_BYTES);
		marks = block_mark(marks, bin->block[i], size, number);
	}
	if (marks.bytes <= cache->marks.bytes)
		return;
	cache->marks = marks;
	if (cache->thread->recent.cache == cache)
		atomic_store_explicit(
		    &cache->thread->recent.bytes, 0, memory_order_relaxed);
}

/* Lets the thread take BIN_TURN blocks before it looks around again. */
static void
start_turn(struct cache *cache, unsigned number)
{
	cache->requests[number] += BIN_TURN - cache->bin[number].left;
	cache->bin[number].left = BIN_TURN;
}

void *
cache_fill(struct cache *cache, unsigned number)
{
	struct bin *bin = &cache->bin[number];
	bool had_room;
	void *ptr = NULL;

	enter_patiently(cache);
	had_room = bin_room(bin) != 0;
	start_turn(cache, number);
	if (bin_count(bin) == 0 && (bin_grow(cache, number) || had_room)) {
		bin->head += blocks_fetch(cache->heap, cache->turn, number,
		    bin->block, (bin_room(bin) + 1) / 2);
		mark_blocks(cache, number);
	}
	if (bin_count(bin) != 0) {
		bin->left--;
		ptr = *--bin->head;
		if (!had_room)
			notice(cache->heap);
	} else if (!had_room) {
		bin_close(cache, number);
	}
	leave_and_wake(cache);
	return ptr;
}

bool
cache_has(struct cache *cache, unsigned number)
{
	bool has;

	enter_patiently(cache);
	has = bin_count(&cache->bin[number]) != 0;
	cache_leave(cache);
	return has;
}

bool
cache_flush(struct cache *cache, unsigned number, void *ptr)
{
	struct bin *bin = &cache->bin[number];
	bool done = false;

	enter_patiently(cache);
	if (bin_room(bin) == 0)
		notice(cache->heap);
	if (bin->head == bin->limit && !bin_grow(cache, number))
		bin_return(cache, number, (bin_count(bin) + 1) / 2);
	if (bin->head != bin->limit) {
		*bin->head++ = ptr;
		done = true;
	}
	leave_and_wake(cache);
	return done;
}

/* ---- Life of caches and threads ----------------------------------------- */

/* Takes the cache out of both lists and frees it. Under caches_lock and the
 * heap's; its blocks were returned, or vanish with their heap. */
static void
cache_delete(struct cache *cache)
{
	struct heap *heap = cache->heap;
	uint64_t requests = 0;

	for (unsigned i = 0; i < CACHE_BINS; i++) {
		struct bin *bin = &cache->bin[i];

		requests += bin_requests(cache, i);
		record_free(bin->block, bin->slots * sizeof(void *));
	}
	atomic_fetch_add(&heap->requests, requests);
	*cache->heap_link = cache->heap_next;
	if (cache->heap_next != NULL)
		cache->heap_next->heap_link = cache->heap_link;
	*cache->thread_link = cache->thread_next;
	if (cache->thread_next != NULL)
		cache->thread_next->thread_link = cache->thread_link;
	cache->thread->cache[heap->id] = NULL;
	if (cache->thread->cache[heap->alias] == cache)
		cache->thread->cache[heap->alias] = NULL;
	/* The addresses may be another heap's as soon as this one is closed. */
	if (cache->thread->recent.cache == cache)
		atomic_store_explicit(
		    &cache->thread->recent.bytes, 0, memory_order_relaxed);
	record_free(cache, sizeof(*cache));
}

/* What no address of a block has set, of blocks that lie side by side from the
 * begin of a page on, or are pages. */
static uint16_t
bits_within(size_t size)
{
	return (uint16_t)(min_size(size & -size, PAGE_BYTES) - 1);
}

static struct cache *
cache_new(struct thread *thread, struct heap *heap)
{
	struct cache *cache = record_new(sizeof(*cache));

	if (cache == NULL)
		return NULL;
	cache->heap = heap;
	cache->marks = source_marks_of(source_base(heap->source));
	cache->thread = thread;
	cache->turn = thread->turn;
	cache->gate = gate_open;
	for (unsigned i = 1; i < CACHE_BINS; i++)
		cache->bin[i].within = bits_within(cache_bin_size[i]);
	lock_take(&caches_lock);
	lock_take(&heap->lock);
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
	lock_give(&heap->lock);
	lock_give(&caches_lock);
	return cache;
}

/* Empties and deletes all caches of a thread, and its record. Under
 * caches_lock; heap locks are taken, or with LOCKED held already. */
static void
thread_delete(struct thread *thread, bool locked)
{
	while (thread->caches != NULL) {
		struct cache *cache = thread->caches;
		struct heap *heap = cache->heap;

		if (!locked)
			lock_take(&heap->lock);
		cache_empty(cache);
		cache_delete(cache);
		if (!locked)
			lock_give(&heap->lock);
	}
	*thread->link = thread->next;
	if (thread->next != NULL)
		thread->next->link = thread->link;
	if (!locked)
		tsd_end();
	os_unmap(thread, sizeof(*thread));
}

/* The destructor of a thread. What it frees later goes without a cache. */
static void
thread_exit(void *record)
{
	thread_self = &gone;
	lock_take(&caches_lock);
	thread_delete(record, false);
	lock_give(&caches_lock);
}

static struct thread *
thread_new(void)
{
	struct thread *thread;
	void *memory;

	if (thread_borrows != 0 || os_map(sizeof(*thread), &memory) != 0)
		return NULL;
	thread = memory;
	/* libc may call malloc for it, which may be ours. */
	thread_self = &gone;
	if (pthread_setspecific(thread_key, thread) != 0) {
		thread_self = &nobody;
		os_unmap(memory, sizeof(*thread));
		return NULL;
	}
	os_wipe_in_child(memory, THREAD_WIPED);
	lookup_start(thread);
	lock_take(&caches_lock);
	thread->turn = turns++;
	thread->next = threads;
	thread->link = &threads;
	if (threads != NULL)
		threads->link = &thread->next;
	threads = thread;
	lock_give(&caches_lock);
	thread_self = thread;
	return thread;
}

struct thread *
thread_here(void)
{
	if (unlikely(thread_self == &nobody) && atomic_load(&has_caches))
		thread_new();
	return thread_self;
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
		enter_patiently(before);
		cache_empty(before);
		leave_and_wake(before);
		before->is_under_alias = false;
	}
	thread_self->cache[heap->alias] = cache;
	cache->is_under_alias = true;
	return cache;
}

void
caches_drain(struct heap *heap)
{
	caches_stop(heap);
	for (struct cache *c = heap->caches; c != NULL; c = c->heap_next)
		cache_empty(c);
	caches_go(heap);
}

struct cache_count
caches_count(struct heap *heap)
{
	struct cache_count count = { 0, 0, 0 };

	caches_stop(heap);
	for (struct cache *c = heap->caches; c != NULL; c = c->heap_next)
		for (unsigned i = 0; i < CACHE_BINS; i++) {
			struct bin *bin = &c->bin[i];

			count.blocks += bin_count(bin);
			count.bytes += bin_count(bin) *
			    (size_t)cache_bin_size[i];
			count.requests += bin_requests(c, i);
		}
	caches_go(heap);
	return count;
}

/* ---- All heaps ---------------------------------------------------------- */

/* When the library is loaded, or with the first heap: as early as can be, as
 * what a thread keeps for a key that comes late would be allocated by libc. No
 * lock is held, since who stands before libc's function may allocate; until
 * there is a key all threads do without caches, under valgrind for ever, which
 * wants to see every block come and go. */
__attribute__((constructor)) void
caches_start_once(void)
{
	static _Atomic bool begun;

	if (atomic_exchange(&begun, true))
		return;
	gate_open = os_barrier_prepare() ? GATE_OPEN : GATE_FENCED;
	if (!annotate_is_on() &&
	    pthread_key_create(&thread_key, thread_exit) == 0)
		atomic_store(&has_caches, true);
}

/* Under caches_lock; false: there are too many. */
static bool
id_take(struct heap *heap)
{
	size_t id = bits_find(heap_ids, 1, HEAPS_MAX + 1, false);

	if (id > HEAPS_MAX)
		return false;
	bits_fill(heap_ids, id, id + 1, true);
	heap->id = heap->alias = (unsigned)id;
	return true;
}

static void
id_release(struct heap *heap)
{
	bits_fill(heap_ids, heap->id, heap->id + 1, false);
}

int
heap_take_id(struct heap *heap)
{
	bool taken;

	caches_start_once();
	lock_take(&caches_lock);
	taken = id_take(heap);
	heap->id_is_lent = taken;
	lock_give(&caches_lock);
	return taken ? 0 : ENOMEM;
}

void
heap_release_id(struct heap *heap)
{
	lock_take(&caches_lock);
	id_release(heap);
	lock_give(&caches_lock);
}

bool
caches_open(struct heap *heap)
{
	bool taken;

	caches_start_once();
	lock_take(&caches_lock);
	taken = heap->id_is_lent || id_take(heap);
	if (taken) {
		heap->next = heaps;
		heap->link = &heaps;
		if (heaps != NULL)
			heaps->link = &heap->next;
		heaps = heap;
	}
	lock_give(&caches_lock);
	return taken;
}

/* Whoever tends it needs none of our locks to come to an end. */
static void
wait_until_tended(struct heap *heap)
{
	wait_while(&heap->tended, 1);
}

void
caches_close(struct heap *heap)
{
	lock_take(&caches_lock);
	while (heap->caches != NULL)
		cache_delete(heap->caches);
	if (!heap->id_is_lent)
		id_release(heap);
	*heap->link = heap->next;
	if (heap->next != NULL)
		heap->next->link = heap->link;
	lock_give(&caches_lock);
	wait_until_tended(heap);
}

struct heap *
caches_choose_waiting(void)
{
	struct heap *chosen = NULL;

	if (!lock_try(&caches_lock))
		return NULL;
	for (struct heap *h = heaps; h != NULL; h = h->next) {
		if (!atomic_load_explicit(&h->waits, memory_order_relaxed) ||
		    atomic_exchange(&h->tended, 1))
			continue;
		atomic_store(&h->waits, false);
		h->tend_next = chosen;
		chosen = h;
	}
	lock_give(&caches_lock);
	return chosen;
}

void
caches_prefork(void)
{
	lock_take(&caches_lock);
	for (struct heap *h = heaps; h != NULL; h = h->next)
		wait_until_tended(h);
	for (struct heap *h = heaps; h != NULL; h = h->next) {
		lock_take(&h->lock);
		shut(h);
	}
	if (heaps != NULL)
		fence_all_threads();
	for (struct heap *h = heaps; h != NULL; h = h->next)
		wait_until_left(h);
}

void
caches_postfork(void)
{
	for (struct heap *h = heaps; h != NULL; h = h->next)
		caches_go(h);
	lock_give(&caches_lock);
}

/* The thread that forked finds its caches again. */
static void
adopt_caches(struct thread *thread)
{
	for (struct cache *c = thread->caches; c != NULL; c = c->thread_next) {
		thread->cache[c->heap->id] = c;
		if (c->is_under_alias)
			thread->cache[c->heap->alias] = c;
	}
}

/* Without a look at the blocks, which need not be there. Nothing comes back to
 * a source from which this process has nothing, or has what is the parent's. */
static void
empty_lost_caches(struct heap *heap)
{
	for (struct cache *c = heap->caches; c != NULL; c = c->heap_next)
		cache_empty(c);
}

void
caches_bury(void)
{
	struct thread *next;

	adopt_caches(thread_self);
	for (struct heap *h = heaps; h != NULL; h = h->next)
		source_hold(h->source);
	for (struct heap *h = heaps; h != NULL; h = h->next)
		if (source_refused(h->source) || source_inherited(h->source))
			empty_lost_caches(h);

	for (struct thread *t = threads; t != NULL; t = next) {
		next = t->next;
		if (t != thread_self)
			thread_delete(t, true);
	}
	for (struct heap *h = heaps; h != NULL; h = h->next)
		source_unhold(h->source);
	for (struct heap *h = heaps; h != NULL; h = h->next)
		if (source_inherited(h->source)) {
			while (h->caches != NULL)
				cache_delete(h->caches);
			heap_leave_behind(h);
		}
}
