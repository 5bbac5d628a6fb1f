/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memtier.c - blocks of memtier: memkind's, with what each kind has counted.
 *
 * Owns nothing, takes no lock; fails as the functions of memkind.h do. A block
 * counts, by its usable size, for the kind it came from, which is looked up
 * again when it goes: whatever kind its owner says, the account is right.
 *
 * That the account of a kind is the sum of its live blocks: each function adds
 * a block's usable size after it has the block, and subtracts the same number
 * for the same kind before it frees it. The number is the same because a block
 * never changes its size class but by a resize, which does both. Blocks that
 * come from memtier and are freed by memkind_free(), or the other way round,
 * are counted on one side only; memkind_memtier.h rules that out.
 *
 * DECORATE calls functions that a program may define; it is empty unless the
 * library is built for that.
 */
#include <errno.h>

#include "memkind/kinds.h"
#include "memkind/memtier_account.h"
#include "memkind/memtier_policy.h"

/* ---- Counting ------------------------------------------------------------ */

/* KIND is what was asked for, and almost always what the block is of. The
 * exception: a kind that was not open, asked by a thread that is reading the
 * topology, is served from MEMKIND_DEFAULT (memkind_open()). */
static void
count_bytes(memkind_t kind, size_t bytes)
{
	if (unlikely(nodes_are_being_read()))
		kind = MEMKIND_DEFAULT;
	memtier_account_add(memkind_index(kind), (int64_t)bytes);
}

static void
count_more(memkind_t kind, void *ptr)
{
	if (likely(ptr != NULL))
		count_bytes(kind, memkind_malloc_usable_size(kind, ptr));
}

/* KIND is NULL for a block of a kind that the program opened with poolkind.h,
 * which never counted. */
static void
count_less(memkind_t kind, size_t bytes)
{
	if (likely(kind != NULL))
		memtier_account_add(memkind_index(kind), -(int64_t)bytes);
}

EXPORT size_t
memtier_kind_allocated_size(memkind_t kind)
{
	return memkind_is_alive(kind) ?
	    memtier_account_exact(memkind_index(kind)) :
	    0;
}

/* ---- Blocks of a kind ---------------------------------------------------- */

/* The most frequent function: what a block of SIZE bytes will have is known by
 * its size class, so it is not looked up. The others look it up, since it also
 * depends on the alignment, or since they are rare. */
EXPORT void *
memtier_kind_malloc(memkind_t kind, size_t size)
{
	void *ptr = memkind_malloc(kind, size);

	if (likely(ptr != NULL))
		count_bytes(kind, poolkind_usable_for(size));
	DECORATE(memtier_kind_malloc_post, kind, size, &ptr);
	return ptr;
}

EXPORT void *
memtier_kind_calloc(memkind_t kind, size_t num, size_t size)
{
	void *ptr = memkind_calloc(kind, num, size);

	count_more(kind, ptr);
	DECORATE(memtier_kind_calloc_post, kind, num, size, &ptr);
	return ptr;
}

EXPORT int
memtier_kind_posix_memalign(
    memkind_t kind, void **memptr, size_t alignment, size_t size)
{
	int error = memkind_posix_memalign(kind, memptr, alignment, size);

	if (error == 0)
		count_more(kind, *memptr);
	DECORATE(memtier_kind_posix_memalign_post, kind, memptr, alignment,
	    size, &error);
	return error;
}

/*
 * Resizes to a size that is not 0. What the block had is asked for before the
 * call, since afterwards it may be another thread's, and subtracted after it,
 * since the block stays as it was if the call fails. Where the block was in
 * another kind than it is to be in, the kind is looked up again: it is KIND,
 * but for a thread that reads the topology.
 */
static void *
resize(memkind_t kind, void *ptr, size_t size)
{
	memkind_t home = memkind_detect_kind(ptr);
	size_t before = memkind_malloc_usable_size(home, ptr);
	void *moved = memkind_realloc(kind, ptr, size);

	if (moved == NULL)
		return NULL;
	count_less(home, before);
	count_more(
	    kind == home || kind == NULL ? home : memkind_detect_kind(moved),
	    moved);
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

/*
 * One lookup gives kind and size. The bytes are subtracted before the block is
 * freed: from then on another thread may have it, and in another size. The
 * kind that was found is what frees it, so KIND does not matter, unless PTR is
 * no block: then memkind_free() is left to report that.
 */
EXPORT void
memtier_kind_free(memkind_t kind, void *ptr)
{
	poolkind *engine;
	size_t bytes;

	DECORATE(memtier_kind_free_pre, &ptr);
	if (ptr == NULL)
		return;
	if (likely(poolkind_block_of(ptr, &engine, &bytes))) {
		kind = memkind_of(engine);
		count_less(kind, bytes);
	}
	memkind_free(kind, ptr);
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
EXPORT void *
memtier_malloc(struct memtier_memory *memory, size_t size)
{
	void *ptr = memtier_kind_malloc(
	    memtier_policy_choose(memory, size), size);

	memtier_policy_follow(memory);
	return ptr;
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
