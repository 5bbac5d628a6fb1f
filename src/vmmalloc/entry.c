/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entry.c - the functions of the C library that the shim stands in for.
 *
 * malloc and free are jemalloc's own inline fast paths; what they cannot do
 * comes here, to slow_malloc and slow_free. There, and in every other function,
 * the thread is bound to an arena of the pool before jemalloc serves it, NULL
 * is not believed before everything free was gathered, and pointers that are
 * not ours are answered instead of followed.
 *
 * Owns no state but the four hook variables. Takes no lock itself. Called by
 * the program, from any thread, at any time: also before the constructor has
 * run (jemalloc's ordinary memory serves), and after the last destructor.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "vmmalloc/heap.h"

#include <errno.h>
#include <string.h>

#include "base/base.h"
#include "base/libc_heap.h"
#include "libvmmalloc.h"
#include "vmmalloc/arenas.h"
#include "vmmalloc/budget.h"
#include "vmmalloc/entry.h"
#include "vmmalloc/log.h"
#include "vmmalloc/memcheck.h"
#include "vmmalloc/pool.h"
#include "vmmalloc/request.h"

/* ---- Threads ------------------------------------------------------------- */

/* Sees to it that jemalloc serves this thread from the pool. False when it
 * should not: there is no pool yet; the thread is in its last destructors, and
 * jemalloc would take such requests to its own memory; or memcheck looks on. */
static __attribute__((noinline, cold)) bool
bind_thread(void)
{
	tsd_t *tsd;

	if (arenas_before_pool == NULL)
		return false;
	tsd = tsd_fetch();
	if (tsd_state_get(tsd) > tsd_state_nominal_max)
		return false;
	if (!arenas_bound(tsd))
		arenas_bind(tsd);
	else
		budget_resume(tsd);
	return !memcheck_on;
}

static inline bool
thread_is_bound(void)
{
	tsd_t *tsd = tsd_get(false);

	return likely(arenas_bound(tsd) && budget_has_cache(tsd)) ||
	    bind_thread();
}

/* A request of an unbound thread, or one that jemalloc answered with NULL. */
static __attribute__((noinline, cold)) void *
request_outside(
    size_t size, size_t alignment, bool zero, bool bound, int saved_errno)
{
	const struct request request = { size, alignment, zero };
	void *block = NULL;
	tsd_t *tsd;

	if (arenas_before_pool == NULL)
		return request_early(&request);
	tsd = tsd_fetch();
	if (memcheck_on)
		return memcheck_allocate(tsd, &request, saved_errno);
	if (!bound)
		block = request_unbound(tsd, &request);
	if (block == NULL)
		block = request_again(tsd, &request, saved_errno);
	return block;
}

/* ---- Blocks -------------------------------------------------------------- */

/* Finds the block that starts at PTR, which may be anything. */
static inline bool
find_block(tsd_t *tsd, const void *ptr, emap_full_alloc_ctx_t *found)
{
	return likely(malloc_initialized()) &&
	    !emap_full_alloc_ctx_try_lookup(
		tsd_tsdn(tsd), &arena_emap_global, ptr, found) &&
	    found->edata != NULL && found->szind < SC_NSIZES;
}

/* The block is from before the pool existed, in ordinary memory. */
static inline bool
is_early(const emap_full_alloc_ctx_t *found)
{
	return edata_arena_ind_get(found->edata) == 0;
}

/* Bytes of the block that its owner may use. */
static inline size_t
usable_size(const void *ptr, const emap_full_alloc_ctx_t *found)
{
	size_t bytes = edata_usize_get(found->edata);

	return is_early(found) ? bytes : memcheck_usable(ptr, bytes);
}

/* Not a block of ours: glibc's own, or freed already. The latter is left
 * alone. */
static __attribute__((noinline, cold)) void
free_foreign(void *ptr)
{
	if (source_owner_of(ptr) != NULL)
		LOG_TRACE(1, "ptr %p is no block of the pool", ptr);
	else
		libc_heap_free(ptr);
}

/* jemalloc's free, behind our own look at the pointer. What is not from the
 * pool stays out of the thread's cache, from where it would be handed out. */
static __attribute__((noinline)) void
slow_free(void *ptr)
{
	emap_full_alloc_ctx_t found;
	emap_alloc_ctx_t context;
	size_t bytes;
	tsd_t *tsd;

	if (ptr == NULL)
		return;
	tsd = tsd_fetch_min();
	if (unlikely(!find_block(tsd, ptr, &found))) {
		free_foreign(ptr);
		return;
	}
	bytes = edata_usize_get(found.edata);
	emap_alloc_ctx_init(&context, found.szind, found.slab, bytes);
	if (likely(tsd_fast(tsd) && !is_early(&found))) {
		idalloctm(tsd_tsdn(tsd), ptr,
		    tcache_get_from_ind(
			tsd, TCACHE_IND_AUTOMATIC, false, false),
		    &context, false, false);
	} else {
		if (opt_junk_free && !memcheck_on)
			junk_free_callback(ptr, bytes);
		if (memcheck_on && !is_early(&found))
			memcheck_free(ptr);
		idalloctm(tsd_tsdn(tsd), ptr,
		    is_early(&found) ? NULL :
				       tcache_get_from_ind(tsd,
					   TCACHE_IND_AUTOMATIC, true, false),
		    &context, false, true);
	}
	thread_dalloc_event(tsd, bytes);
}

static inline void
release(void *ptr)
{
	if (!free_fastpath(ptr, 0, false))
		slow_free(ptr);
}

static __attribute__((noinline)) void *
slower_malloc(size_t size)
{
	int saved_errno = errno;
	bool bound = thread_is_bound();
	void *block = likely(bound) ? malloc_default(size) : NULL;

	if (unlikely(block == NULL))
		block = request_outside(size, 1, false, bound, saved_errno);
	return block;
}

/* What jemalloc's malloc_default() does for a thread in its ordinary state;
 * which includes that it has its cache. */
static __attribute__((noinline)) void *
slow_malloc(size_t size)
{
	tsd_t *tsd = tsd_get(false);
	size_t bytes;
	void *block;

	if (unlikely(!tsd_fast(tsd) || !arenas_bound(tsd) ||
		size > SC_LARGE_MAXCLASS))
		return slower_malloc(size);
	bytes = sz_s2u(size);
	block = iallocztm_explicit_slab(tsd_tsdn(tsd), size,
	    sz_size2index(size), false, sz_can_use_slab(bytes),
	    tsd_tcachep_get(tsd), false, NULL, false);
	if (unlikely(block == NULL))
		return request_outside(size, 1, false, true, errno);
	thread_alloc_event(tsd, bytes);
	return block;
}

static inline void *
allocate(size_t size)
{
	return imalloc_fastpath(size, slow_malloc);
}

static void *
allocate_aligned(size_t alignment, size_t size)
{
	int saved_errno = errno;
	bool bound;
	void *block;

	if (!is_power_of_two(alignment)) {
		errno = EINVAL;
		return NULL;
	}
	bound = thread_is_bound();
	block = likely(bound) ? je_aligned_alloc(alignment, size) : NULL;
	if (unlikely(block == NULL))
		block = request_outside(
		    size, alignment, false, bound, saved_errno);
	return block;
}

/* ---- realloc ------------------------------------------------------------- */

/* Moves a block of BYTES bytes into a new one. Where there is none, a block
 * that is large enough as it is may stay. */
static void *
move_block(void *ptr, size_t bytes, size_t size)
{
	int saved_errno = errno;
	void *block = allocate(size);

	if (block != NULL) {
		memcpy(block, ptr, min_size(bytes, size));
		release(ptr);
	} else if (size <= bytes) {
		errno = saved_errno;
		block = ptr;
	}
	return block;
}

static void *
move_foreign(void *ptr, size_t size)
{
	void *block;

	if (!libc_heap_exists() || source_owner_of(ptr) != NULL) {
		errno = EINVAL;
		return NULL;
	}
	block = allocate(size);
	if (block != NULL && !libc_heap_move(ptr, block, size)) {
		release(block);
		return NULL;
	}
	return block;
}

/* jemalloc found no room for the new size. Gathering what is free may make
 * room anywhere, or right behind the block. */
static __attribute__((noinline, cold)) void *
resize_again(void *ptr, size_t bytes, size_t size, int saved_errno)
{
	void *block;

	if (size <= bytes) {
		errno = saved_errno;
		return ptr;
	}
	block = request_outside(size, 1, false, true, saved_errno);
	if (block == NULL)
		return je_realloc(ptr, size);
	memcpy(block, ptr, bytes);
	release(ptr);
	return block;
}

static void *
resize(void *ptr, size_t size)
{
	int saved_errno = errno;
	bool bound = thread_is_bound();
	tsd_t *tsd = tsd_fetch();
	emap_full_alloc_ctx_t found;
	void *block;

	if (unlikely(!find_block(tsd, ptr, &found)))
		return move_foreign(ptr, size);
	if (unlikely(!bound || is_early(&found)))
		return move_block(ptr, usable_size(ptr, &found), size);
	block = je_realloc(ptr, size);
	if (unlikely(block == NULL))
		block = resize_again(
		    ptr, edata_usize_get(found.edata), size, saved_errno);
	return block;
}

/* ---- The functions ------------------------------------------------------- */

EXPORT void *
ENTRY(malloc)(size_t size)
{
	LOG_TRACE(4, "size %zu", size);
	return allocate(size);
}

EXPORT void
ENTRY(free)(void *ptr)
{
	LOG_TRACE(4, "ptr %p", ptr);
	release(ptr);
}

EXPORT void
ENTRY(cfree)(void *ptr)
{
	LOG_TRACE(4, "ptr %p", ptr);
	release(ptr);
}

EXPORT void *
ENTRY(calloc)(size_t number, size_t size)
{
	int saved_errno = errno;
	size_t bytes;
	bool bound;
	void *block;

	LOG_TRACE(4, "nmemb %zu, size %zu", number, size);
	if (__builtin_mul_overflow(number, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	bound = thread_is_bound();
	block = likely(bound) ? je_calloc(1, bytes) : NULL;
	if (unlikely(block == NULL))
		block = request_outside(bytes, 1, true, bound, saved_errno);
	return block;
}

EXPORT void *
ENTRY(realloc)(void *ptr, size_t size)
{
	LOG_TRACE(4, "ptr %p, size %zu", ptr, size);
	if (ptr == NULL)
		return allocate(size);
	if (size == 0) {
		release(ptr);
		return NULL;
	}
	return resize(ptr, size);
}

EXPORT int
ENTRY(posix_memalign)(void **memptr, size_t alignment, size_t size)
{
	int saved_errno = errno;
	int errnum;

	LOG_TRACE(4, "alignment %zu  size %zu", alignment, size);
	*memptr = allocate_aligned(alignment, size);
	errnum = *memptr != NULL ? 0 : errno;
	errno = saved_errno;
	return errnum;
}

EXPORT void *
ENTRY(memalign)(size_t boundary, size_t size)
{
	LOG_TRACE(4, "boundary %zu  size %zu", boundary, size);
	return allocate_aligned(boundary, size);
}

EXPORT void *
ENTRY(aligned_alloc)(size_t alignment, size_t size)
{
	LOG_TRACE(4, "alignment %zu  size %zu", alignment, size);
	return allocate_aligned(alignment, size);
}

EXPORT void *
ENTRY(valloc)(size_t size)
{
	LOG_TRACE(4, "size %zu", size);
	return allocate_aligned(PAGE_BYTES, size);
}

EXPORT void *
ENTRY(pvalloc)(size_t size)
{
	LOG_TRACE(4, "size %zu", size);
	if (size > SIZE_MAX - PAGE_BYTES) {
		errno = ENOMEM;
		return NULL;
	}
	return allocate_aligned(PAGE_BYTES, align_up(size, PAGE_BYTES));
}

EXPORT size_t
ENTRY(malloc_usable_size)(void *ptr)
{
	emap_full_alloc_ctx_t found;

	LOG_TRACE(4, "ptr %p", ptr);
	if (ptr == NULL || !find_block(tsd_fetch_min(), ptr, &found))
		return 0;
	return usable_size(ptr, &found);
}

#ifndef VMMALLOC_PREFIX
/* ---- The hook variables of glibc before 2.34 -----------------------------
 *
 * There they lead libraries that were opened with RTLD_DEEPBIND back to us.
 */
static void *
hook_malloc(size_t size, const void *caller)
{
	(void)caller;
	return malloc(size);
}

static void *
hook_realloc(void *ptr, size_t size, const void *caller)
{
	(void)caller;
	return realloc(ptr, size);
}

static void *
hook_memalign(size_t alignment, size_t size, const void *caller)
{
	(void)caller;
	return memalign(alignment, size);
}

static void
hook_free(void *ptr, const void *caller)
{
	(void)caller;
	free(ptr);
}

extern void *(*volatile __malloc_hook)(size_t, const void *);
extern void *(*volatile __realloc_hook)(void *, size_t, const void *);
extern void *(*volatile __memalign_hook)(size_t, size_t, const void *);
extern void (*volatile __free_hook)(void *, const void *);

EXPORT void *(*volatile __malloc_hook)(size_t, const void *) = hook_malloc;
EXPORT void *(*volatile __realloc_hook)(
    void *, size_t, const void *) = hook_realloc;
EXPORT void *(*volatile __memalign_hook)(
    size_t, size_t, const void *) = hook_memalign;
EXPORT void (*volatile __free_hook)(void *, const void *) = hook_free;
#endif
