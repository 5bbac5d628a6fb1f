/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * heap.c - blocks out of a source: arenas, and the way to NULL. See heap.h.
 *
 * Owns the table of arena slots, one for each arena that jemalloc has made. An
 * arena is never destroyed, since jemalloc keeps its address space: it is reset
 * and serves the next heap.
 */
#include "arena/figures.h"
#include "arena/purge.h"
#include "arena/slot.h"
#include "base/annotate.h"
#include "os/os.h"
#include "os/records.h"

/* The options of the engine's jemalloc: no thread caches and no automatic
 * arenas of its own; exact extents, which it gives back whole (retain and
 * lg_extent_max_active_fit); classes as they are (cache_oblivious). What madvise
 * does to pages is not tried out: that ends the process where there is no memory
 * (trust_madvise). */
const char *pkje_malloc_conf =
    "narenas:1,tcache:false,retain:false,cache_oblivious:false,"
    "oversize_threshold:0,muzzy_decay_ms:0,lg_extent_max_active_fit:63,"
    "trust_madvise:true,percpu_arena:disabled,background_thread:false,"
    "abort:false,abort_conf:false,junk:false,zero_realloc:free";

/* Threads that met in an arena so often make a heap want one more. */
#define CONTENTION 32
/* What is left of jemalloc's arenas when every kind has one. */
#define ARENAS_EXTRA (MALLOCX_ARENA_LIMIT - 1 - HEAPS_MAX)
#define CACHE_PART 16 /* of a limited heap may lie in caches */
/* Of what caches hold, or may hold: so much more handed out empties them. */
#define BULKY_PART 4
#define LEASE_UNLIMITED (SIZE_MAX / 4)
/* From this size on zero pages that come as they are touched are cheaper than
 * to clear those that are there: by measurement 1 us against 6, and 195 for
 * 4 MiB. Who touches all of them pays for each page, as for a new block. */
#define ZERO_LAZILY (256 * KIB)
/* How often heaps that wait are looked after, in ms. */
#define TEND_MS 200

_Static_assert(SC_NBINS < CACHE_BINS, "caches serve every small class");
_Static_assert(HEAPS_MAX < MALLOCX_ARENA_LIMIT, "an arena for each heap");

/* jemalloc is made ready, in the midst of which no fork must happen. */
static struct once started = ONCE_INIT;

static struct lock slots_lock = LOCK_INIT;
struct arena_slot slots[MALLOCX_ARENA_LIMIT + 1];
static struct arena_slot *free_slots;
static unsigned arenas_extra; /* beyond the first of each heap */

static struct lock stop_lock = LOCK_INIT;
static _Atomic bool stopped; /* no thread may enter an arena */

/* ---- Arenas ------------------------------------------------------------- */

/* Any entry of the public interface makes jemalloc ready, if there is memory;
 * one that got half the way never is. */
static void
start(void)
{
	size_t size = 0;

	tsd_start();
	if (malloc_init_state == malloc_init_uninitialized)
		pkje_mallctl("version", NULL, &size, NULL, 0);
	tsd_started();
	for (unsigned i = 1; i < CACHE_BINS; i++) {
		size_t bytes = sz_index2size(i - 1);
		size_t first = cache_bin_size[i - 1] / 8 + (i != 1);

		/* The first bin serves a request for nothing, too. */
		cache_bin_size[i] = (uint32_t)bytes;
		__builtin_memset(
		    &cache_bin_for[first], (int)i, bytes / 8 + 1 - first);
	}
	invariant(cache_bin_size[CACHE_BINS - 1] == CACHE_SIZE_MAX);
}

/* Whether jemalloc is ready: another call tries again. */
static bool
start_once(void)
{
	bool done = atomic_load_explicit(&started.done, memory_order_acquire);

	if (likely(done))
		return true;
	lock_take(&started.lock);
	if (!started.done)
		start();
	done = malloc_initialized();
	atomic_store_explicit(&started.done, done, memory_order_release);
	lock_give(&started.lock);
	return done;
}

/* For valgrind each extent is a new one from the source. */
static void
set_decay(struct arena_slot *slot, const struct heap *heap)
{
	ssize_t wanted = heap->options.decay_given ?
	    (ssize_t)heap->options.decay_ms :
	    arena_dirty_decay_ms_default_get();
	tsdn_t *tsdn = tsdn_here();

	if (annotate_is_on() || atomic_load(&heap->tight))
		wanted = 0;
	if (arena_decay_ms_get(slot->arena, extent_state_dirty) != wanted)
		arena_decay_ms_set(
		    tsdn, slot->arena, extent_state_dirty, wanted);
}

/* An arena slot on the heap's source; NULL if jemalloc has no more. */
static struct arena_slot *
slot_new(struct heap *heap)
{
	struct arena_slot *slot = free_slots;

	if (slot != NULL) {
		free_slots = slot->next;
		slot->hooked.source = heap->source;
	} else {
		static unsigned failed; /* an index without an arena */
		tsdn_t *tsdn = tsdn_here();
		unsigned index = failed != 0 ? failed : narenas_total_get();
		arena_config_t config = { NULL, false };

		if (index >= MALLOCX_ARENA_LIMIT)
			return NULL;
		slot = &slots[index];
		hooked_source_init(&slot->hooked, heap->source);
		config.extent_hooks = &slot->hooked.hooks;
		slot->arena = arena_init(tsdn, index, &config);
		failed = slot->arena == NULL ? index : 0;
		if (slot->arena == NULL)
			return NULL;
	}
	slot->hooked.exact = heap->options.bounded;
	set_decay(slot, heap);
	purge_oversize(slot->arena, heap->options.oversize);
	atomic_store(&slot->requests, 0);
	atomic_store(&slot->changes, 0);
	atomic_store(&slot->heap, heap);
	return slot;
}

/* Gives the heap one more arena than HAD, unless somebody else did. Its first
 * is always to be had: there are as many as heaps can be open. */
static void
heap_add_arena(struct heap *heap, unsigned had)
{
	static unsigned most;
	struct arena_slot *slot;

	lock_take(&slots_lock);
	tsd_enter();
	if (most == 0)
		most = (unsigned)min_size(
		    HEAP_ARENAS_MAX, 2 * (size_t)os_processors());
	bool wanted = had == atomic_load(&heap->arenas) &&
	    had < min_size(most, heap->options.arenas) &&
	    (had == 0 || arenas_extra < ARENAS_EXTRA);
	if (wanted && (slot = slot_new(heap)) != NULL) {
		heap->slot[had] = slot;
		arenas_extra += had != 0;
		atomic_store(&heap->arenas, had + 1);
	}
	tsd_leave();
	lock_give(&slots_lock);
}

/* Hides what jemalloc knows of the arena's extents from memcheck. It takes the
 * memory for that in large pieces, the newest of which is first in the list. */
static void
hide_records(const base_t *base)
{
	for (base_block_t *block = base->blocks;
	     block != NULL && !annotate_is_hidden(block); block = block->next)
		annotate_hide(block, block->size);
}

void
slot_leave(struct arena_slot *slot)
{
	if (unlikely(annotate_is_on()))
		hide_records(slot->arena->base);
	tsd_leave();
	atomic_fetch_sub(&slot->users, 1);
	if (unlikely(atomic_load(&stopped)))
		wake_all(&slot->users);
}

unsigned
slot_use(struct arena_slot *slot)
{
	unsigned others = atomic_fetch_add(&slot->users, 1);

	while (unlikely(atomic_load(&stopped))) {
		atomic_fetch_sub(&slot->users, 1);
		wake_all(&slot->users);
		lock_take(&stop_lock);
		lock_give(&stop_lock);
		atomic_fetch_add(&slot->users, 1);
	}
	tsd_enter();
	return others;
}

/* In a bounded heap that is more than half full, free space of all arenas meets
 * in the source, at once; until it is less than a quarter full. When two
 * threads find it otherwise at once, an arena may go the old way until the
 * next change. */
static void
follow_use(struct heap *heap)
{
	size_t most = atomic_load(&heap->lease_most); /* a CACHE_PARTth */
	bool was_tight = atomic_load(&heap->tight);
	bool tight = source_used(heap->source) / CACHE_PART >
	    most / (was_tight ? 4 : 2);

	if (likely(tight == was_tight))
		return;
	atomic_store(&heap->tight, tight);
	for (unsigned i = 0; i < atomic_load(&heap->arenas); i++) {
		slot_use(heap->slot[i]);
		set_decay(heap->slot[i], heap);
		slot_leave(heap->slot[i]);
	}
}

/* From here to slots_go() no thread is inside an arena, so that arenas and
 * sources agree with each other. */
static void
slots_stop(void)
{
	lock_take(&stop_lock);
	atomic_store(&stopped, true);
	for (unsigned i = 0; i < narenas_total_get(); i++)
		wait_until_zero(&slots[i].users);
}

static void
slots_go(void)
{
	atomic_store(&stopped, false);
	lock_give(&stop_lock);
}

/* Uses an arena for the TURNth of the heap's threads: NULL if there is none.
 * Where threads meet in it again and again, the heap gets one more. */
static struct arena_slot *
slot_enter(struct heap *heap, unsigned turn)
{
	unsigned arenas = atomic_load_explicit(
	    &heap->arenas, memory_order_acquire);

	if (unlikely(arenas == 0)) {
		heap_add_arena(heap, 0);
		arenas = atomic_load(&heap->arenas);
		if (arenas == 0)
			return NULL;
	}
	struct arena_slot *slot = heap->slot[turn % arenas];
	if (slot_use(slot) != 0 &&
	    atomic_fetch_add(&heap->contended, 1) % CONTENTION ==
		CONTENTION - 1)
		heap_add_arena(heap, arenas);
	return slot;
}

int
heap_open(struct heap *heap, struct source *source,
    const struct heap_options *options, const struct heap *alias)
{
	struct source_stats stats;

	if (!start_once())
		return EAGAIN;
	heap->source = source;
	heap->options = *options;
	heap->full_size = heap->lowest = SIZE_MAX;
	source_stats(source, &stats, false);
	heap->capacity = options->fixed ? stats.size : 0;
	heap_limit_changed(heap, stats.limit);
	if (!caches_open(heap))
		return ENOMEM;
	heap->alias = alias == NULL ? heap->id : alias->id;
	return 0;
}

/* Makes an arena as good as new. Its extents go nowhere: their source goes. */
static void
slot_reset(struct arena_slot *slot)
{
	tsdn_t *tsdn;

	slot_use(slot);
	tsdn = tsd_tsdn(tsd_fetch());
	slot->hooked.source = NULL;
	arena_reset((tsd_t *)tsdn, slot->arena);
	purge(tsdn, slot->arena);
	figures_clear(slot->arena);
	atomic_store(&slot->heap, NULL);
	slot_leave(slot);
}

void
slots_give_up(struct heap *heap)
{
	unsigned arenas = atomic_load(&heap->arenas);

	for (unsigned i = 0; i < arenas; i++)
		slot_reset(heap->slot[i]);
	lock_take(&slots_lock);
	for (unsigned i = 0; i < arenas; i++) {
		heap->slot[i]->next = free_slots;
		free_slots = heap->slot[i];
		arenas_extra -= i != 0;
	}
	lock_give(&slots_lock);
}

void
heap_close(struct heap *heap)
{
	caches_close(heap);
	slots_give_up(heap);
	heap_forget_inherited(heap);
}

void
heap_got_back(struct heap *heap, struct arena_slot *slot)
{
	atomic_fetch_add(&slot->changes, 1);
	if (!atomic_load_explicit(&heap->waits, memory_order_relaxed))
		atomic_store(&heap->waits, true);
}

/* ---- Blocks in bulk, for the caches ------------------------------------- */

bool
bin_is_small(unsigned number)
{
	return number - 1 < SC_NBINS; /* bin 0 is not */
}

unsigned
blocks_fetch(struct heap *heap, unsigned turn, unsigned number, void **block,
    unsigned count)
{
	struct arena_slot *slot = slot_enter(heap, turn);
	cache_bin_sz_t n = (cache_bin_sz_t)count;
	unsigned got;
	tsdn_t *tsdn;

	if (slot == NULL)
		return 0;
	tsdn = tsd_tsdn(tsd_fetch());
	if (bin_is_small(number)) {
		cache_bin_ptr_array_t array = { n, block };

		got = arena_ptr_array_fill_small(tsdn, slot->arena, number - 1,
		    &array, n, n, (cache_bin_stats_t){ 0 });
		/* The lowest address is to be handed out first. */
		for (unsigned i = 0; i < got / 2; i++) {
			void *other = block[got - 1 - i];

			block[got - 1 - i] = block[i];
			block[i] = other;
		}
	} else {
		block[0] = large_malloc(
		    tsdn, slot->arena, cache_bin_size[number], false);
		got = block[0] != NULL;
	}
	slot_leave(slot);
	return got;
}

/* What a thread frees for which jemalloc has no record, for want of memory, is
 * lost: it could not be given back to the source. */
void
blocks_return(struct heap *heap, unsigned turn, unsigned number, void **block,
    unsigned count)
{
	cache_bin_ptr_array_t array = { (cache_bin_sz_t)count, block };
	/* They may be of several arenas: one stands for all. */
	struct arena_slot *slot = heap->slot[turn % atomic_load(&heap->arenas)];

	slot_use(slot);
	arena_ptr_array_flush(tsd_fetch(), number - 1, &array, count,
	    bin_is_small(number), slot->arena, (cache_bin_stats_t){ 0 });
	slot_leave(slot);
	heap_got_back(heap, slot);
}

/* ---- One block ---------------------------------------------------------- */

size_t
usable_size_for(size_t size)
{
	return size > SC_LARGE_MAXCLASS ? 0 : sz_s2u(size == 0 ? 1 : size);
}

size_t
usable_size_aligned(size_t size, size_t alignment)
{
	size_t usable = size > SC_LARGE_MAXCLASS ||
		alignment > SC_LARGE_MAXCLASS ?
	    0 :
	    sz_sa2u(size == 0 ? 1 : size, alignment);

	return usable > SC_LARGE_MAXCLASS ? 0 : usable;
}

/*
 * Records of a source know where it begins, and memcheck takes that for a
 * pointer to the first block in it, whose leak would never be found: in a slab
 * the first is left unused.
 */
static void *
leave_first_unused(
    tsdn_t *tsdn, struct arena_slot *slot, void *ptr, size_t usable)
{
	void *other;

	if (!is_aligned((uintptr_t)ptr, PAGE_BYTES) || !sz_can_use_slab(usable))
		return ptr;
	other = arena_palloc(tsdn, slot->arena, usable, 1, false, true, NULL);
	return other != NULL ? other : ptr;
}

/* Of a block that an arena had cached nothing is known: its pages are given up
 * where that makes it zero. One that is new is zero. */
static void
make_zero(struct heap *heap, void *ptr, size_t usable)
{
	edata_t *edata = emap_edata_lookup(
	    tsd_tsdn(tsd_fetch()), &arena_emap_global, ptr);

	if (!edata_zeroed_get(edata))
		source_zero(heap->source, ptr, usable);
}

static void *
allocate_once(struct heap *heap, size_t usable, size_t alignment, bool zero)
{
	struct arena_slot *slot;
	bool lazily = zero && usable >= ZERO_LAZILY &&
	    source_zeroes_lazily(heap->source);
	tsdn_t *tsdn;
	void *ptr;

	slot = slot_enter(heap, thread_here()->turn);
	if (slot == NULL)
		return NULL;
	tsdn = tsd_tsdn(tsd_fetch());
	ptr = arena_palloc(tsdn, slot->arena, usable, alignment,
	    zero && !lazily, sz_can_use_slab(usable), NULL);
	if (unlikely(annotate_is_on()) && ptr != NULL && alignment < PAGE_BYTES)
		ptr = leave_first_unused(tsdn, slot, ptr, usable);
	if (ptr != NULL && lazily)
		make_zero(heap, ptr, usable);
	if (ptr != NULL) {
		atomic_fetch_add(&slot->requests, 1);
		block_mark_one(ptr, usable);
	}
	slot_leave(slot);
	return ptr;
}

uint64_t
heap_changes(struct heap *heap)
{
	uint64_t changes = atomic_load(&heap->noticed) +
	    source_freed(heap->source);

	for (unsigned i = 0; i < atomic_load(&heap->arenas); i++)
		changes += atomic_load(&heap->slot[i]->changes);
	return changes;
}

/* Both words are of one failure, since the writer makes the size impossible
 * while it changes the other. Most heaps never failed: a look at the size
 * saves them the counts. */
static bool
is_known_full(struct heap *heap, size_t usable)
{
	if (likely(usable < atomic_load(&heap->full_size)))
		return false;
	return atomic_load(&heap->full_changes) == heap_changes(heap) &&
	    usable >= atomic_load(&heap->full_size);
}

static void
remember_full(struct heap *heap, uint64_t changes, size_t usable)
{
	lock_take(&heap->lock);
	if (atomic_load(&heap->full_changes) == changes)
		usable = min_size(usable, atomic_load(&heap->full_size));
	atomic_store(&heap->full_size, SIZE_MAX);
	atomic_store(&heap->full_changes, changes);
	atomic_store(&heap->full_size, usable);
	lock_give(&heap->lock);
}

/* Whether so much of a bounded heap was handed out since its caches were last
 * emptied, this block included, that what lies in them, scattered, costs large
 * blocks their place. What comes and goes does not count, and to empty caches
 * costs no more than what was handed out did. */
static bool
is_bulky(struct heap *heap, size_t usable)
{
	size_t most = atomic_load(&heap->lease_most);
	size_t leased, used, lowest;

	if (most == LEASE_UNLIMITED || usable <= SC_SMALL_MAXCLASS)
		return false;
	used = source_spans(heap->source);
	lowest = atomic_load_explicit(&heap->lowest, memory_order_relaxed);
	if (used < lowest)
		atomic_store_explicit(
		    &heap->lowest, lowest = used, memory_order_relaxed);
	leased = atomic_load_explicit(&heap->leased, memory_order_relaxed);
	return leased != 0 &&
	    used - lowest + usable >= max_size(most, leased) / BULKY_PART;
}

/* Empties the caches and coalesces what is free, leaving it backed, before it
 * says NULL, and remembers that it did. What changes from the beginning on
 * counts, so the memory of it is good from the second NULL in a row on. */
static void *
allocate_last(struct heap *heap, size_t usable, size_t alignment, bool zero)
{
	uint64_t changes = heap_changes(heap);
	void *ptr;

	source_hold(heap->source);
	heap_drain(heap);
	ptr = allocate_once(heap, usable, alignment, zero);
	source_unhold(heap->source);
	if (ptr == NULL && alignment <= PAGE_BYTES &&
	    atomic_load(&heap->arenas) != 0)
		remember_full(heap, changes, usable);
	return ptr;
}

/* Whether the heap hands anything out at all. One whose limit was lowered must
 * first give back what it has too much. */
static bool
is_open(struct heap *heap)
{
	if (source_refused(heap->source))
		return false;
	if (likely(!source_is_over_limit(heap->source)))
		return true;
	heap_drain(heap);
	source_trim(heap->source);
	return !source_is_over_limit(heap->source);
}

void *
heap_allocate(struct heap *heap, size_t size, size_t alignment, bool zero)
{
	size_t usable = usable_size_aligned(size, alignment);
	void *ptr;

	heaps_tend();
	if (usable == 0 || !is_open(heap) || is_known_full(heap, usable))
		return NULL;
	if (heap->options.bounded)
		follow_use(heap);
	ptr = is_bulky(heap, usable) ?
	    NULL :
	    allocate_once(heap, usable, alignment, zero);
	if (ptr == NULL)
		ptr = allocate_last(heap, usable, alignment, zero);
	return ptr;
}

void *
heap_malloc(struct heap *heap, size_t size)
{
	if (size <= CACHE_SIZE_MAX && is_open(heap)) {
		struct cache *cache = cache_follow(heap);
		void *ptr = NULL;

		if (unlikely(is_bulky(heap, size)) && cache != NULL &&
		    !cache_has(cache, bin_for(size)))
			heap_drain(heap);
		if (cache != NULL)
			ptr = cache_fill(cache, bin_for(size));

		if (ptr != NULL) {
			heaps_tend();
			return ptr;
		}
	}
	return heap_allocate(heap, size, 1, false);
}

/* ---- All of a heap ------------------------------------------------------ */

void
heap_limit_changed(struct heap *heap, size_t limit)
{
	size_t most = heap->capacity;

	if (limit != 0 && (most == 0 || limit < most))
		most = limit;
	atomic_store(
	    &heap->lease_most, most == 0 ? LEASE_UNLIMITED : most / CACHE_PART);
	if (atomic_load(&heap->leased) > atomic_load(&heap->lease_most))
		caches_drain(heap);
}

void
heap_drain(struct heap *heap)
{
	unsigned arenas = atomic_load(&heap->arenas);

	atomic_store(&heap->lowest, SIZE_MAX);
	caches_drain(heap);
	for (unsigned i = 0; i < arenas; i++) {
		slot_use(heap->slot[i]);
		purge(tsd_tsdn(tsd_fetch()), heap->slot[i]->arena);
		slot_leave(heap->slot[i]);
	}
}

bool
heap_tend(struct heap *heap)
{
	unsigned arenas = atomic_load(&heap->arenas);
	bool more = false;

	for (unsigned i = 0; i < arenas; i++) {
		arena_t *arena = heap->slot[i]->arena;

		slot_use(heap->slot[i]);
		arena_decay(tsd_tsdn(tsd_fetch()), arena, false, false);
		more |= purge_is_due(tsd_tsdn(tsd_fetch()), arena);
		slot_leave(heap->slot[i]);
	}
	return source_tend(heap->source) || more;
}

void
heaps_tend(void)
{
	static _Atomic uint64_t next;
	uint64_t now = os_now_ms(), due = atomic_load(&next);
	struct heap *heap;

	if (likely(now < due) ||
	    !atomic_compare_exchange_strong(&next, &due, now + TEND_MS))
		return;
	heap = caches_choose_waiting();
	while (heap != NULL) {
		struct heap *after = heap->tend_next;

		if (heap_tend(heap))
			atomic_store(&heap->waits, true);
		atomic_store(&heap->tended, 0);
		wake_all(&heap->tended);
		heap = after;
	}
}

void
heap_figures(struct heap *heap, struct figures *figures)
{
	unsigned arenas = atomic_load(&heap->arenas);

	*figures = (struct figures){ 0 };
	for (unsigned i = 0; i < arenas; i++)
		figures_add(figures, heap->slot[i]->arena);
}

static struct figures_total
heap_total(struct heap *heap)
{
	unsigned arenas = atomic_load(&heap->arenas);
	struct figures_total total = { 0 };

	for (unsigned i = 0; i < arenas; i++)
		figures_add_total(&total, heap->slot[i]->arena);
	return total;
}

void
heap_stats(struct heap *heap, struct heap_stats *stats)
{
	struct cache_count cached = caches_count(heap);
	uint64_t requests = atomic_load(&heap->requests) + cached.requests;
	struct figures_total all = heap_total(heap);
	size_t bytes;
	uint64_t blocks;

	for (struct heap *h = heap->inherited; h != NULL; h = h->inherited)
		for (unsigned i = 0; i < atomic_load(&h->arenas); i++)
			figures_add_total(&all, h->slot[i]->arena);
	bytes = all.small.bytes + all.large.bytes;
	blocks = all.small.current + all.large.current;
	/* Threads went on meanwhile: what they took is not less than nothing.*/
	stats->active = all.active;
	stats->cached = cached.bytes;
	stats->live = bytes - min_size(bytes, cached.bytes);
	stats->blocks = blocks - min_size(blocks, cached.blocks);
	for (struct heap *h = heap; h != NULL; h = h->inherited)
		for (unsigned i = 0; i < atomic_load(&h->arenas); i++)
			requests += atomic_load(&h->slot[i]->requests);
	stats->requests = max_size(stats->blocks, requests);
}

bool
heap_is_sound(struct heap *heap)
{
	struct source_stats stats;
	struct figures_total all;

	slots_stop();
	all = heap_total(heap);
	source_stats(heap->source, &stats, false);
	slots_go();
	return all.active + all.waiting == stats.spans;
}

/* ---- Fork --------------------------------------------------------------- */

/* As in jemalloc's tsd.c, which forgets it over fork: threads that are about to
 * get their record stand in this list, with memory of their own stacks. */
struct tsd_init_head_s {
	ql_head(tsd_init_block_t) blocks;
	malloc_mutex_t lock;
};

/* jemalloc's part, where there is one: before the first heap nothing has made
 * it ready. */
static void
jemalloc_before_fork(void)
{
	jemalloc_prefork();
	malloc_mutex_prefork(TSDN_NULL, &tsd_init_head.lock);
}

static void
jemalloc_in_parent(void)
{
	malloc_mutex_postfork_parent(TSDN_NULL, &tsd_init_head.lock);
	jemalloc_postfork_parent();
}

/* It makes its mutexes anew in the child; ThreadSanitizer would take them for
 * locked still. */
static void
jemalloc_in_child(void)
{
	ql_new(&tsd_init_head.blocks);
#if defined(__SANITIZE_THREAD__)
	jemalloc_in_parent();
#else
	malloc_mutex_postfork_child(TSDN_NULL, &tsd_init_head.lock);
	jemalloc_postfork_child();
#endif
}

void
heaps_prefork(void)
{
	lock_take(&started.lock);
	if (started.done)
		tsd_enter();
	caches_prefork();
	slots_stop();
	lock_take(&slots_lock);
	tsd_shared_prefork();
	if (started.done)
		jemalloc_before_fork();
}

void
heaps_postfork_parent(void)
{
	if (started.done)
		jemalloc_in_parent();
	tsd_shared_postfork();
	lock_give(&slots_lock);
	slots_go();
	caches_postfork();
	if (started.done)
		tsd_leave();
	lock_give(&started.lock);
}

void
heaps_postfork_child(void)
{
	if (started.done)
		jemalloc_in_child();
	tsd_shared_postfork();
	lock_give(&slots_lock);
	slots_go();
	caches_bury();
	caches_postfork();
	if (started.done)
		tsd_leave();
	lock_give(&started.lock);
}
