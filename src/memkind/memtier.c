/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memtier.c - blocks of memtier: memkind's, which count for their kinds.
 *
 * Owns nothing, takes no lock; fails as the functions of memkind.h do. The
 * engine counts (arena/count.h): a block counts by its usable size, for the
 * kind that it is of, whatever kind was asked for and whatever kind its owner
 * says when it goes. Blocks that come from memtier and are freed by
 * memkind_free(), or the other way round, are counted on one side only;
 * memkind_memtier.h rules that out.
 *
 * DECORATE calls functions that a program may define; it is empty unless the
 * library is built for that. Then blocks come and go by memkind's functions, of
 * which the program sees each call, and are counted afterwards and before.
 */
#include <errno.h>

#include "memkind/kinds.h"
#include "memkind/memtier_policy.h"
#include "memkind/memtier_quick.h"

EXPORT size_t
memtier_kind_allocated_size(memkind_t kind)
{
	poolkind *engine = memkind_is_alive(kind) ? atomic_load(&kind->engine) :
						    NULL;

	return engine == NULL ? 0 : poolkind_counted(engine);
}

/* ---- Blocks of a kind ---------------------------------------------------- */

static void *
malloc_counted(memkind_t kind, size_t size)
{
	void *ptr;

	if (!DECORATED)
		return memkind_malloc_counted(kind, size);
	ptr = memkind_malloc(kind, size);
	poolkind_count(ptr, true);
	return ptr;
}

EXPORT void *
memtier_kind_malloc(memkind_t kind, size_t size)
{
	void *ptr = malloc_counted(kind, size);

	DECORATE(memtier_kind_malloc_post, kind, size, &ptr);
	return ptr;
}

EXPORT void *
memtier_kind_calloc(memkind_t kind, size_t num, size_t size)
{
	void *ptr = memkind_calloc(kind, num, size);

	poolkind_count(ptr, true);
	DECORATE(memtier_kind_calloc_post, kind, num, size, &ptr);
	return ptr;
}

EXPORT int
memtier_kind_posix_memalign(
    memkind_t kind, void **memptr, size_t alignment, size_t size)
{
	int error = memkind_posix_memalign(kind, memptr, alignment, size);

	if (error == 0)
		poolkind_count(*memptr, true);
	DECORATE(memtier_kind_posix_memalign_post, kind, memptr, alignment,
	    size, &error);
	return error;
}

/* Resizes to a size that is not 0. With decorators the block is not counted
 * meanwhile, since afterwards its old place may be another thread's; where that
 * fails, it counts as before. */
static void *
resize(memkind_t kind, void *ptr, size_t size)
{
	void *moved;

	if (!DECORATED)
		return memkind_realloc_counted(kind, ptr, size);
	poolkind_count(ptr, false);
	moved = memkind_realloc(kind, ptr, size);
	poolkind_count(moved != NULL ? moved : ptr, true);
	return moved;
}

EXPORT void *
memtier_kind_realloc(memkind_t kind, void *ptr, size_t size)
{
	void *moved = NULL;

	if (ptr == NULL)
		return memtier_kind_malloc(kind, size);
	if (size == 0)
		memtier_kind_free(kind, ptr);
	else
		moved = resize(kind, ptr, size);
	DECORATE(memtier_kind_realloc_post, kind, ptr, size, &moved);
	return moved;
}

/* What frees a block is the kind that it is of, so KIND does not matter, unless
 * PTR is no block: then memkind_free() is left to report that. */
EXPORT void
memtier_kind_free(memkind_t kind, void *ptr)
{
	memkind_t home;

	DECORATE(memtier_kind_free_pre, &ptr);
	if (ptr == NULL || (!DECORATED && poolkind_free_counted(ptr)))
		return;
	home = memkind_detect_kind(ptr);
	poolkind_count(ptr, false);
	memkind_free(home != NULL ? home : kind, ptr);
}

EXPORT size_t
memtier_usable_size(void *ptr)
{
	size_t size = memkind_malloc_usable_size(NULL, ptr);

	DECORATE(memtier_kind_usable_size_post, &ptr, size);
	return size;
}

/* ---- Blocks of a memory -------------------------------------------------- */

/*
 * The policy chooses a kind, and is told after each call, so that thresholds
 * can follow. There is no second choice: if the kind is full the block is NULL,
 * as memtier has it, because a memory that takes from the other tier would lose
 * the proportion that it is there for. A memory that is NULL leads to a kind
 * that is NULL, and so to EINVAL.
 *
 * Freeing is not a matter of the policy: what changes the proportion by a free
 * is put right by the next allocations.
 */
static __attribute__((noinline)) void *
malloc_slowly(struct memtier_memory *memory, size_t size)
{
	void *ptr = memtier_kind_malloc(
	    memtier_policy_choose(memory, size), size);

	memtier_policy_follow(memory);
	return ptr;
}

EXPORT void *
memtier_malloc(struct memtier_memory *memory, size_t size)
{
	void *ptr = likely(memory != NULL) ? memtier_take(memory, size) : NULL;

	return likely(ptr != NULL) ? ptr : malloc_slowly(memory, size);
}

/* The product decides on the tier, so its overflow is found here already. */
EXPORT void *
memtier_calloc(struct memtier_memory *memory, size_t num, size_t size)
{
	size_t bytes;
	void *ptr;

	if (__builtin_mul_overflow(num, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	ptr = memtier_kind_calloc(
	    memtier_policy_choose(memory, bytes), num, size);
	memtier_policy_follow(memory);
	return ptr;
}

/* A block stays in its kind whatever its new size is: it would have to be
 * copied otherwise, at each step in which a block grows past a threshold. */
EXPORT void *
memtier_realloc(struct memtier_memory *memory, void *ptr, size_t size)
{
	void *moved;

	if (ptr == NULL)
		return memtier_malloc(memory, size);
	moved = memtier_kind_realloc(NULL, ptr, size);
	memtier_policy_follow(memory);
	return moved;
}

EXPORT int
memtier_posix_memalign(
    struct memtier_memory *memory, void **memptr, size_t alignment, size_t size)
{
	int error = memtier_kind_posix_memalign(
	    memtier_policy_choose(memory, size), memptr, alignment, size);

	memtier_policy_follow(memory);
	return error;
}
