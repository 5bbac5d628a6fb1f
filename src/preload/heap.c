/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * heap.c - the heap of libpoolkind-malloc: blocks from the kinds that rules
 * name, and from ordinary memory. See interpose/door.h.
 *
 * A request that the thread's caches did not serve is held against the rules:
 * the kinds of the first that applies are tried in their order, and behind the
 * last comes ordinary memory, unless the rules are strict. Without rules,
 * before they are found, and while the thread opens a kind, ordinary memory
 * serves all.
 *
 * A block is freed, resized and measured by its address, whatever the rules say
 * of it now, also blocks that the program had of kinds of its own.
 *
 * While all calls are traced (recorder.h) every one comes here: threads have no
 * route for the quick path, and no address has a home. What would be a thread's
 * route is kept besides, so that most blocks come from a cache all the same.
 * While sites are recorded quick paths are what they always are.
 *
 * Owns what is kept besides. Takes no lock. A request that cannot be met is
 * NULL with ENOMEM.
 */
#include <errno.h>
#include <string.h>

#include "interpose/inside.h"
#include "kind/facade.h"
#include "preload/door.h"
#include "preload/kinds.h"
#include "preload/recorder.h"
#include "preload/rules.h"
#include "preload/scope.h"
#include "preload/site_heap.h"
#include "preload/sites.h"
#include "preload/thread.h"
#include "preload/watch.h"

/* ---- Requests ------------------------------------------------------------ */

struct request {
	size_t size, alignment; /* 0: none in particular */
	bool zero;
};

static void *
block_of(poolkind *kind, const struct request *request)
{
	if (unlikely(kind == NULL))
		return NULL;
	if (request->alignment != 0)
		return poolkind_aligned_alloc(
		    kind, request->alignment, request->size);
	return request->zero ? poolkind_calloc(kind, 1, request->size) :
			       poolkind_malloc(kind, request->size);
}

/* The rule that holds; NULL without memory to find it. */
static const struct rules_rule *
rule_for(const struct rules_table *table, size_t size, const void *caller,
    bool *by_caller)
{
	const struct route *route = thread_refresh(table);
	const struct span *span;
	uint32_t rule;

	if (unlikely(route == NULL))
		return NULL;
	span = route_span(route, size);
	rule = span->asks ?
	    sites_first_by(caller, size, span->rule, by_caller) :
	    span->rule;
	return &rules_rules(table)[rule];
}

#define NONE RULES_KINDS_MAX

static __attribute__((noinline, cold)) void
note(const struct rules_table *table, const poolkind *kind, const void *ptr,
    unsigned full)
{
	if (rules_say(table, RULES_VERBOSE))
		kinds_note_full_links(table, kind, ptr);
	if (full != NONE)
		kinds_note_full(table, full);
}

static void
expect_frees(unsigned heap)
{
	if (atomic_load_explicit(&door_expects_one, memory_order_relaxed))
		cache_expect(heap);
}

/* The quick path goes on from there. FIRST: no kind was passed over. */
static __attribute__((noinline)) void
follow(const struct rules_table *table, poolkind *kind, size_t size, bool first)
{
	route_follow(thread_route, size, kind,
	    first && !rules_say(table, RULES_VERBOSE) &&
		!thread_names_matter(table));
	expect_frees(poolkind_id(kind));
}

/* A block that a kind gave, after the kind FULL had none. FIRST: it was the
 * first that was asked. */
static void *
block_from(poolkind *kind, void *ptr, const struct rules_table *table,
    unsigned full, bool first, const struct request *request)
{
	if (unlikely(full != NONE || rules_say(table, RULES_VERBOSE)))
		note(table, kind, ptr, full);
	if (request->alignment == 0 &&
	    route_is_quick(thread_route, request->size))
		follow(table, kind, request->size, first && full == NONE);
	return ptr;
}

/* What is allocated to open a kind comes from ordinary memory, so that the
 * quick path is closed meanwhile. */
static __attribute__((noinline, cold)) poolkind *
open_kind(const struct rules_table *table, unsigned number, const void *caller)
{
	struct route *route = thread_route;
	poolkind *kind;

	thread_route = &route_unknown;
	kind = kinds_open(table, number, caller);
	thread_route = route;
	return kind;
}

/* Kinds that had no block, of the COUNT at STEP; TO had one. */
static __attribute__((noinline, cold)) void
note_spills(
    const uint16_t *step, uint32_t count, const poolkind *to, size_t size)
{
	for (uint32_t i = 0; i < count; i++)
		if (kinds_known(step[i]) != NULL)
			poolkind_spilled(kinds_known(step[i]), to, size);
}

/* A block of the first kind of the rule that has one; of those behind AFTER, if
 * that is one of them. */
static void *
block_by_rule(const struct rules_table *table, const struct rules_rule *rule,
    const struct request *request, const void *caller, const poolkind *after)
{
	const uint16_t *step = rules_steps(table) + rule->first_step;
	unsigned full = NONE;
	uint32_t first = 0;
	void *ptr;

	for (uint32_t i = 0; after != NULL && i < rule->step_count; i++)
		if (kinds_known(step[i]) == after)
			first = i + 1;
	for (uint32_t i = first; i < rule->step_count; i++) {
		poolkind *kind = kinds_known(step[i]);

		if (unlikely(kind == NULL))
			kind = open_kind(table, step[i], caller);
		ptr = block_of(kind, request);
		if (unlikely(ptr != NULL && full != NONE))
			note_spills(
			    step + first, i - first, kind, request->size);
		if (likely(ptr != NULL))
			return block_from(
			    kind, ptr, table, full, first == 0, request);
		if (kind != NULL && full == NONE)
			full = step[i];
	}
	if (rules_say(table, RULES_STRICT))
		return NULL;
	ptr = block_of(kinds_ordinary(), request);
	if (ptr == NULL)
		return NULL;
	if (full != NONE)
		note_spills(step + first, rule->step_count - first,
		    kinds_ordinary(), request->size);
	return block_from(
	    kinds_ordinary(), ptr, table, full, first == 0, request);
}

static void *
out_of_memory(void)
{
	errno = ENOMEM;
	return NULL;
}

/* Once all is known, threads of a process without rules have this route. */
static void *
block_without_rules(const struct request *request, bool ready)
{
	static struct route ordinary;
	poolkind *kind = kinds_ordinary();

	if (ready && kind != NULL && thread_route == &route_unknown) {
		route_to(&ordinary, kind);
		thread_route = &ordinary;
	}
	expect_frees(poolkind_id(kind));
	return block_of(kind, request);
}

/* Of a block that has no site by the rules (--sites-from) the caller alone is
 * known, and of any where no rule has stacks followed. */
static void
note_in_scope(const struct rules_table *table, const void *ptr, size_t size,
    const void *caller)
{
	void *frames[POOLKIND_SCOPE_FRAMES] = { (void *)(uintptr_t)caller };
	unsigned depth = 1;

	if (table != NULL && size >= table->sites_from)
		depth = sites_stack(frames, POOLKIND_SCOPE_FRAMES, caller);
	scope_watch(ptr, size, frames, depth);
}

/* Whatever the rules say of the request; but what they say of full kinds
 * holds. */
static void *
block_in_scope(const struct rules_table *table, const struct request *request,
    const void *caller)
{
	void *ptr = block_of(scope_kind(), request);

	if (unlikely(ptr == NULL) && !rules_say(table, RULES_STRICT))
		ptr = block_of(kinds_ordinary(), request);
	if (ptr != NULL)
		note_in_scope(table, ptr, request->size, caller);
	return ptr;
}

/* The site's next blocks come from there, too, if it is the first kind of the
 * rule that had this one. */
static __attribute__((noinline)) void
keep_for_site(const struct rules_table *table, const struct rules_rule *rule,
    const void *ptr, size_t size, const void *caller, uint64_t before)
{
	poolkind *kind = rule->step_count == 0 ?
	    kinds_ordinary() :
	    kinds_known(rules_steps(table)[rule->first_step]);

	if (size <= CACHE_LARGE_MAX && poolkind_of(ptr) == kind)
		site_heap_keep(caller, size, poolkind_id(kind), before);
}

/* Ordinary memory comes first of all, as opening another kind may need it. */
static void *
block_for(
    const struct request *request, const void *caller, const poolkind *after)
{
	const struct rules_table *table;
	const struct rules_rule *rule;
	bool ready, by_caller = false;
	uint64_t before;
	void *ptr;

	if (unlikely(kinds_ordinary() == NULL))
		return NULL;
	if (unlikely(heap_inside))
		return block_of(kinds_ordinary(), request);
	table = rules_find(&ready);
	if (unlikely(kinds_take_change()))
		routes_refresh(table);
	if (scope_kind() != NULL)
		return block_in_scope(table, request, caller);
	if (table == NULL)
		return block_without_rules(request, ready);
	before = site_heap_before();
	rule = rule_for(table, request->size, caller, &by_caller);
	if (unlikely(rule == NULL))
		return block_of(kinds_ordinary(), request);
	ptr = block_by_rule(table, rule, request, caller, after);
	if (by_caller && before != 0 && after == NULL && ptr != NULL)
		keep_for_site(table, rule, ptr, request->size, caller, before);
	return ptr;
}

/* A large block out of the thread's cache, where the rules of its size are
 * decided; the inline path (door.h) looks for smaller ones alone. */
static void *
take_large(size_t size)
{
	unsigned heap;

	if (size <= CACHE_SIZE_MAX || size > CACHE_LARGE_MAX)
		return NULL;
	heap = atomic_load_explicit(
	    &thread_route->heap[bin_for_large(size)], memory_order_relaxed);
	return cache_malloc_large(heap, size);
}

/* A block of the heap that its call site is known to have; not in a scope, nor
 * while all calls are recorded or the thread opens a kind. */
static ALWAYS_INLINE void *
take_for_site(size_t size)
{
	unsigned heap;

	if (size > CACHE_LARGE_MAX || thread_route == &route_unknown)
		return NULL;
	heap = site_heap_of(door_caller, size);
	return size > CACHE_SIZE_MAX ? cache_malloc_large(heap, size) :
				       cache_malloc(heap, size);
}

/* ---- Recorded requests --------------------------------------------------- */

/* While calls are traced: what would be the thread's route. */
static _Thread_local struct route *route_kept
    __attribute__((tls_model("initial-exec"))) = &route_unknown;

/* The thread is in here: what it allocates meanwhile is not recorded, nor what
 * a signal handler does. */
static _Thread_local bool is_recording
    __attribute__((tls_model("initial-exec")));

/* What the inline path does. */
static void *
take_from_cache(const struct request *request)
{
	void *ptr;

	if (request->alignment != 0 || scope_kind() != NULL)
		return NULL;
	ptr = door_take(request->size);
	if (ptr == NULL)
		return request->zero ? NULL : take_large(request->size);
	return request->zero ? memset(ptr, 0, request->size) : ptr;
}

/* A block that is recorded for its size. */
static void *
take_requested(const struct request *request)
{
	size_t size = request->size;
	struct cache *cache;
	unsigned heap;
	void *ptr;

	if (size < record_all_from() || size > CACHE_SIZE_MAX ||
	    request->alignment != 0 || scope_kind() != NULL)
		return NULL;
	heap = atomic_load_explicit(
	    &thread_route->heap[bin_for(size)], memory_order_relaxed);
	if (heap == NO_HEAP)
		heap = site_heap_of(door_caller, size);
	cache = thread_self->cache[heap];
	ptr = cache != NULL ? cache_take_chosen(cache, bin_for(size)) : NULL;
	return ptr != NULL && request->zero ? memset(ptr, 0, size) : ptr;
}

/* The rules' kind that a block is of, or a link of, plus one; 0: none. */
static __attribute__((noinline, cold)) uint16_t
kind_number(const void *ptr)
{
	const struct rules_table *table = rules_known();
	const poolkind *kind = poolkind_of(ptr);

	for (uint32_t i = 0; table != NULL && i < table->kinds.count; i++)
		for (poolkind *link = kinds_known(i); link != NULL;
		     link = poolkind_fallback(link))
			if (link == kind)
				return (uint16_t)(i + 1);
	return 0;
}

static void
record(const void *ptr, const struct request *request, const void *caller,
    const struct recording_choice *choice)
{
	const struct recorded_block block = { ptr, request->size,
		request->alignment, request->zero, caller,
		recorder_wants_kinds() ? kind_number(ptr) : 0, *choice };

	recorder_block(&block);
}

static __attribute__((noinline)) void *
block_traced(const struct request *request, const void *caller)
{
	static const struct recording_choice none;
	void *ptr;

	is_recording = true;
	thread_route = route_kept;
	ptr = take_from_cache(request);
	if (ptr == NULL)
		ptr = block_for(request, caller, NULL);
	if (likely(ptr != NULL))
		record(ptr, request, caller, &none);
	route_kept = thread_route;
	thread_route = &route_unknown;
	is_recording = false;
	return ptr;
}

/* KIND: where it comes from, or NULL for whatever rules say. */
static __attribute__((noinline)) void *
block_of_site(const struct request *request, const void *caller, poolkind *kind)
{
	struct recording_choice choice = { .is_chosen = true };
	void *ptr;

	is_recording = true;
	ptr = take_requested(request);
	if (ptr == NULL) {
		ptr = kind != NULL ? block_of(kind, request) :
				     block_for(request, caller, NULL);
		choice = poolkind_choice_of(ptr);
	}
	if (ptr != NULL && recorder_wants(request->size, &choice))
		record(ptr, request, caller, &choice);
	is_recording = false;
	return ptr;
}

static void *
block_recorded(
    const struct request *request, const void *caller, poolkind *kind)
{
	if (is_recording || heap_inside)
		return kind != NULL ? block_of(kind, request) :
				      block_for(request, caller, NULL);
	return recorder == RECORDER_TRACE ?
	    block_traced(request, caller) :
	    block_of_site(request, caller, kind);
}

/* The request that found the recording is served by then. */
static __attribute__((noinline, cold)) void
record_first(const void *ptr, const struct request *request, const void *caller)
{
	struct recording_choice choice = poolkind_choice_of(ptr);

	if (ptr != NULL && !heap_inside &&
	    recorder_wants(request->size, &choice))
		record(ptr, request, caller, &choice);
	if (recorder == RECORDER_SITES)
		return;
	route_kept = thread_route;
	thread_route = &route_unknown;
}

/* ---- Requests of the program --------------------------------------------- */

static void *
allocate(const struct request *request)
{
	const void *caller = door_caller;
	int saved = errno;
	void *ptr;

	if (unlikely(recorder_is_on())) {
		ptr = block_recorded(request, caller, NULL);
	} else {
		ptr = block_for(request, caller, NULL);
		if (unlikely(recorder_is_on()))
			record_first(ptr, request, caller);
	}
	if (unlikely(ptr == NULL))
		return out_of_memory();
	errno = saved;
	return ptr;
}

/* Of the kinds behind FULL. */
static __attribute__((noinline)) void *
spill(poolkind *full, size_t size)
{
	struct request request = { .size = size };
	int saved = errno;
	void *ptr = block_for(&request, door_caller, full);

	if (ptr == NULL)
		return out_of_memory();
	poolkind_spilled(full, poolkind_of(ptr), size);
	errno = saved;
	return ptr;
}

static __attribute__((noinline)) void *
malloc_unsettled(size_t size)
{
	void *ptr = NULL;

	if (likely(!recorder_is_on())) {
		ptr = take_for_site(size);
		if (likely(ptr == NULL))
			ptr = take_large(size);
	}
	return ptr != NULL ? ptr : allocate(&(struct request){ .size = size });
}

/* From the kind that the route has. */
static __attribute__((noinline)) void *
malloc_settled(poolkind *kind, size_t size)
{
	unsigned heap = poolkind_id(kind);
	int saved = errno;
	void *ptr;

	if (unlikely(!route_leads_to(thread_route, size, heap)))
		return malloc_unsettled(size);
	ptr = unlikely(recorder_is_on()) ?
	    block_recorded(
		&(struct request){ .size = size }, door_caller, kind) :
	    poolkind_malloc(kind, size);
	if (unlikely(ptr == NULL)) {
		errno = saved;
		return spill(kind, size);
	}
	expect_frees(heap);
	return ptr;
}

/* Without a stack frame, as either way has its own. */
void *
door_malloc(size_t size)
{
	poolkind *kind = size > CACHE_SIZE_MAX ?
	    NULL :
	    route_settled(thread_route, size);

	return likely(kind != NULL) ? malloc_settled(kind, size) :
				      malloc_unsettled(size);
}

void *
door_calloc(size_t size)
{
	void *ptr = NULL;

	if (likely(!recorder_is_on()) && size <= CACHE_SIZE_MAX)
		ptr = take_for_site(size);
	if (ptr != NULL)
		return memset(ptr, 0, size);
	return allocate(&(struct request){ .size = size, .zero = true });
}

void *
door_memalign(size_t alignment, size_t size)
{
	return allocate(
	    &(struct request){ .size = size, .alignment = alignment });
}

/* ---- Blocks -------------------------------------------------------------- */

/* Moves a block whose kind is full to one that comes behind it. */
static void *
move(void *ptr, size_t usable, size_t size, poolkind *full)
{
	struct request request = { .size = size };
	void *moved = block_for(&request, door_caller, full);

	if (moved == NULL)
		return NULL;
	poolkind_spilled(full, poolkind_of(moved), size);
	memcpy(moved, ptr, min_size(usable, size));
	poolkind_free(NULL, ptr);
	return moved;
}

/* The block in its kind, or where that is full in another; or NULL, and it is
 * as it was. */
static void *
resize(poolkind *kind, void *ptr, size_t usable, size_t size)
{
	int saved = errno;
	void *resized = poolkind_realloc(kind, ptr, size);

	if (likely(resized != NULL)) {
		if (unlikely(rules_say(rules_known(), RULES_VERBOSE)))
			kinds_note_full_links(rules_known(), kind, resized);
		return resized;
	}
	resized = move(ptr, usable, size, kind);
	if (resized == NULL)
		return out_of_memory();
	errno = saved;
	return resized;
}

/* What poolkind_realloc_if_quick() does, of a block that may be recorded. */
static bool
resize_recorded_quickly(void *ptr, size_t size, void **resized)
{
	struct recorded_block now = { .size = size, .caller = door_caller };
	struct record_resize recorded;

	if (recorder != RECORDER_SITES || is_recording || heap_inside ||
	    atomic_load(&watch_count) != 0)
		return false;
	is_recording = true;
	recorder_resize(ptr, &recorded);
	*resized = poolkind_realloc_recorded(ptr, size);
	now.ptr = *resized;
	if (now.ptr == NULL) {
		recorder_not_resized(ptr, &recorded);
	} else {
		if (recorder_wants_kinds())
			now.kind = kind_number(now.ptr);
		recorder_resized(&now, &recorded);
	}
	is_recording = false;
	return now.ptr != NULL;
}

static void
resize_and_record(
    struct recorded_block *now, poolkind *kind, void *ptr, size_t usable)
{
	struct record_resize recorded;
	void *resized;

	recorder_resize(ptr, &recorded);
	resized = resize(kind, ptr, usable, now->size);
	now->ptr = resized;
	if (resized == NULL) {
		recorder_not_resized(ptr, &recorded);
		return;
	}
	now->choice = poolkind_choice_of(resized);
	if (recorder_wants_kinds())
		now->kind = kind_number(resized);
	recorder_resized(now, &recorded);
}

static __attribute__((noinline)) void *
resize_recorded(poolkind *kind, void *ptr, size_t usable, size_t size)
{
	struct recorded_block now = { .size = size, .caller = door_caller };

	if (is_recording || heap_inside)
		return resize(kind, ptr, usable, size);
	is_recording = true;
	if (recorder == RECORDER_TRACE)
		thread_route = route_kept;
	resize_and_record(&now, kind, ptr, usable);
	if (recorder == RECORDER_TRACE) {
		route_kept = thread_route;
		thread_route = &route_unknown;
	}
	is_recording = false;
	return (void *)(uintptr_t)now.ptr;
}

/* Whether a block of a scope may be among those that go. */
static bool
scopes_watch(void)
{
	return atomic_load(&watch_count) > (recorder == RECORDER_TRACE ? 1 : 0);
}

/* A block that is looked up, and then resized by WAY. */
static ALWAYS_INLINE bool
resize_known(void *ptr, size_t size, void **resized,
    void *(*way)(poolkind *kind, void *ptr, size_t usable, size_t size))
{
	struct watched *watched = NULL;
	poolkind *kind;
	size_t usable;

	if (unlikely(!poolkind_block_of(ptr, &kind, &usable)))
		return false;
	if (unlikely(scopes_watch()))
		watched = watch_take(ptr);
	*resized = way(kind, ptr, usable, size);
	if (unlikely(watched != NULL))
		watch_put(watched, *resized != NULL ? *resized : ptr,
		    *resized != NULL ? size : usable);
	return true;
}

static __attribute__((noinline)) bool
realloc_recorded(void *ptr, size_t size, void **resized)
{
	return resize_recorded_quickly(ptr, size, resized) ||
	    resize_known(ptr, size, resized, resize_recorded);
}

/* A block stays in its kind, whatever rule holds for its new size, until that
 * is full. */
bool
door_realloc(void *ptr, size_t size, void **resized)
{
	if (likely(atomic_load(&watch_count) == 0)) {
		*resized = poolkind_realloc_if_quick(NULL, ptr, size);
		if (likely(*resized != NULL))
			return true;
	}
	return unlikely(recorder_is_on()) ?
	    realloc_recorded(ptr, size, resized) :
	    resize_known(ptr, size, resized, resize);
}

/* Enters the heap of a block that was just freed for the addresses around it,
 * if the block lies in the segment that the thread's cache of that heap knows,
 * so that the next one is found at once. The thread expects it then, too: one
 * that only frees has no request on which to. */
static void
learn_home(const void *ptr)
{
	unsigned id = poolkind_likely_id(ptr), number;
	struct cache *cache = thread_self->cache[id];

	if (cache == NULL || !cache_find_bin(cache, ptr, &number))
		return;
	if (recorder != RECORDER_TRACE &&
	    atomic_load_explicit(door_home(ptr), memory_order_relaxed) != id)
		watch_learn_home(ptr, id);
	expect_frees(id);
}

bool
door_free(void *ptr)
{
	struct watched *watched = NULL;

	if (unlikely(atomic_load(&watch_count) != 0)) {
		if (scopes_watch())
			watched = watch_take(ptr);
		if (watched != NULL)
			watch_drop(watched);
	}
	if (unlikely(recorder_is_on()))
		recorder_free(ptr);
	if (unlikely(!poolkind_free_if_any(ptr)))
		return false;
	learn_home(ptr);
	return true;
}

/* Of glibc's own blocks nothing is known: 0. */
size_t
door_usable_size(const void *ptr)
{
	unsigned home = atomic_load_explicit(
	    door_home(ptr), memory_order_relaxed);
	size_t usable = cache_size_of(home, ptr);
	poolkind *kind;

	if (likely(usable != 0))
		return usable;
	if (!poolkind_block_of(ptr, &kind, &usable))
		return 0;
	if (home == NO_HEAP)
		watch_learn_home(ptr, poolkind_id(kind));
	return usable;
}

/* Those of the rules that are open, then ordinary memory. */
poolkind *
door_kind(unsigned number)
{
	poolkind *kind;

	for (unsigned i = 0; i < RULES_KINDS_MAX; i++) {
		kind = kinds_known(i);
		if (kind != NULL && number-- == 0)
			return kind;
	}
	return number == 0 ? kinds_ordinary() : NULL;
}
