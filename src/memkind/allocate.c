/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * allocate.c - blocks of a kind: memkind.h's functions on poolkind.h's.
 *
 * Owns nothing, takes no lock. Each call finds the engine's kind in the record
 * and hands over; what memkind does otherwise is put right here: requests of
 * no bytes get NULL, or a block where the program has asked for that.
 *
 * Of memkind's rules these are kept here. A kind that this machine does not
 * have gives NULL with ENOMEM, and never ends the process. A request of no
 * bytes is NULL and leaves errno alone. NULL for the kind of a block means that
 * the kind is looked up. A product that overflows is ENOMEM for every kind;
 * memkind gave a small block for it in most. A block that is freed or resized
 * as one of a wrong kind goes home to its own, where memkind handed it out
 * again as one of the wrong kind. A pointer that is no block is reported and
 * left alone, where memkind followed it.
 *
 * DECORATE calls functions that a program may define; it is empty unless the
 * library is built for that.
 */
#include <errno.h>

#include "memkind/kinds.h"

/* ---- Allocation ---------------------------------------------------------- */

/*
 * The engine's kind for a request of SIZE bytes, if it gets a block at all:
 * else NULL, with errno unless it is a request of no bytes. These are the rare
 * cases, kept out of the callers, so that a block of an open kind is a load, a
 * test and a jump away from the engine.
 */
static __attribute__((noinline)) poolkind *
engine_of_late(memkind_t kind, size_t size)
{
	if (kind == NULL) {
		errno = EINVAL;
		return NULL;
	}
	return size == 0 && !kind->zero_allowed ? NULL : memkind_open(kind);
}

/* The load acquires what opening the kind has written: the thread may be
 * another one. KIND is believed to be NULL or a kind: a look at every call
 * would cost more than it is worth. */
static inline poolkind *
engine_of(memkind_t kind, size_t size)
{
	if (likely(kind != NULL && size != 0)) {
		poolkind *engine = atomic_load_explicit(
		    &kind->engine, memory_order_acquire);

		if (likely(engine != NULL))
			return engine;
	}
	return engine_of_late(kind, size);
}

EXPORT void *
memkind_malloc(memkind_t kind, size_t size)
{
	poolkind *engine;
	void *ptr;

	DECORATE(memkind_malloc_pre, &kind, &size);
	engine = engine_of(kind, size);
	ptr = likely(engine != NULL) ? poolkind_malloc(engine, size) : NULL;
	DECORATE(memkind_malloc_post, kind, size, &ptr);
	return ptr;
}

void *
memkind_malloc_counted(memkind_t kind, size_t size)
{
	poolkind *engine = engine_of(kind, size);

	return likely(engine != NULL) ? poolkind_malloc_counted(engine, size) :
					NULL;
}

EXPORT void *
memkind_calloc(memkind_t kind, size_t num, size_t size)
{
	poolkind *engine;
	void *ptr;

	DECORATE(memkind_calloc_pre, &kind, &num, &size);
	engine = engine_of(kind, num != 0 ? size : 0);
	ptr = likely(engine != NULL) ? poolkind_calloc(engine, num, size) :
				       NULL;
	DECORATE(memkind_calloc_post, kind, num, size, &ptr);
	return ptr;
}

/*
 * errno stays as it was; the error is the result. The order of the checks is
 * memkind's, which programs can tell from outside: for MEMKIND_DEFAULT a
 * request of no bytes succeeds with NULL whatever the alignment, for all other
 * kinds the alignment is looked at first.
 */
static int
memalign(memkind_t kind, void **ptr, size_t alignment, size_t size)
{
	int saved = errno;
	poolkind *engine;

	*ptr = NULL;
	if (size == 0 && kind == MEMKIND_DEFAULT && !kind->zero_allowed)
		return 0;
	if (!is_power_of_two(alignment) || alignment % sizeof(void *) != 0 ||
	    kind == NULL)
		return EINVAL;
	if (size == 0 && !kind->zero_allowed)
		return 0;
	engine = engine_of(kind, size);
	errno = saved;
	return engine == NULL ?
	    ENOMEM :
	    poolkind_posix_memalign(engine, ptr, alignment, size);
}

EXPORT int
memkind_posix_memalign(
    memkind_t kind, void **memptr, size_t alignment, size_t size)
{
	int error;

	DECORATE(memkind_posix_memalign_pre, &kind, memptr, &alignment, &size);
	error = memalign(kind, memptr, alignment, size);
	DECORATE(
	    memkind_posix_memalign_post, kind, memptr, alignment, size, &error);
	return error;
}

/*
 * A size of 0 frees the block, also in a kind that gives blocks for 0 bytes, as
 * memkind does. With a kind and a block of another kind, the block moves to
 * KIND: that is what its caller asks for. Without a kind it stays in its own,
 * and without either there is nothing to go by: EINVAL.
 */
static inline void *
reallocate(memkind_t kind, void *ptr, size_t size,
    void *(*resize)(poolkind *kind, void *ptr, size_t size))
{
	poolkind *engine = NULL;

	if (ptr != NULL && size == 0) {
		poolkind_free(NULL, ptr);
		return NULL;
	}
	if (kind != NULL || ptr == NULL) {
		engine = engine_of(kind, size);
		if (engine == NULL)
			return NULL;
	}
	return resize(engine, ptr, size);
}

EXPORT void *
memkind_realloc(memkind_t kind, void *ptr, size_t size)
{
	void *moved;

	DECORATE(memkind_realloc_pre, &kind, &ptr, &size);
	moved = reallocate(kind, ptr, size, poolkind_realloc);
	DECORATE(memkind_realloc_post, kind, ptr, size, &moved);
	return moved;
}

void *
memkind_realloc_counted(memkind_t kind, void *ptr, size_t size)
{
	return reallocate(kind, ptr, size, poolkind_realloc_counted);
}

/* KIND is merely a hint that saves a lookup: its engine may be NULL, when none
 * of its blocks can exist, and any value is safe. So the load need not acquire
 * anything, unlike the one for an allocation. */
EXPORT void
memkind_free(memkind_t kind, void *ptr)
{
	DECORATE(memkind_free_pre, &kind, &ptr);
	poolkind_free(kind == NULL ?
		NULL :
		atomic_load_explicit(&kind->engine, memory_order_relaxed),
	    ptr);
	DECORATE(memkind_free_post, kind, ptr);
}

/* ---- Blocks -------------------------------------------------------------- */

/* Programs ask this of blocks that may be anybody's, to find out whose they
 * are. That is not misuse, and must not be reported as such, so the engine is
 * first asked whether the address is one of its own. */
EXPORT size_t
memkind_malloc_usable_size(
    memkind_t kind, MEMKIND_MALLOC_USABLE_SIZE_CONST void *ptr)
{
	(void)kind;
	return poolkind_of(ptr) == NULL ? 0 : poolkind_usable_size(ptr);
}

/* Programs call this for each of their blocks in turn, and go on with the
 * address that they get, or with the old one after NULL. */
EXPORT void *
memkind_defrag_reallocate(memkind_t kind, void *ptr)
{
	(void)kind;
	return ptr == NULL ? NULL : poolkind_defragment(ptr);
}

EXPORT memkind_t
memkind_detect_kind(void *ptr)
{
	return memkind_of(poolkind_of(ptr));
}

/* A plain bool, read by all threads: it is set before they allocate, as a rule,
 * and a thread that reads it meanwhile gets the one answer or the other. */
EXPORT void
memkind_set_allow_zero_allocs(memkind_t kind, bool allow_zero_allocs)
{
	if (memkind_is_alive(kind))
		kind->zero_allowed = allow_zero_allocs;
}
