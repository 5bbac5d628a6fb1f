/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memtier.c - blocks of memtier: memkind's, with what each kind has counted.
 *
 * Owns nothing, takes no lock; fails as the functions of memkind.h do. A block
 * counts, by its usable size, for the kind it came from, which is looked up
 * again when it goes: whatever kind its owner says, the account is right.
 */
#include <errno.h>

#include "memkind/kinds.h"
#include "memkind/memtier_account.h"
#include "memkind/memtier_policy.h"

/* ---- Counting ------------------------------------------------------------ */

static void
count_bytes(memkind_t kind, size_t bytes)
{
	/* A thread that reads the topology is served by the default kind. */
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

/* A block that stays one. It may leave its kind, if KIND is another. */
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

EXPORT void *
memtier_malloc(struct memtier_memory *memory, size_t size)
{
	void *ptr = memtier_kind_malloc(
	    memtier_policy_choose(memory, size), size);

	memtier_policy_follow(memory);
	return ptr;
}

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
