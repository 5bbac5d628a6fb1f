/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * heap.c - the heap of libvmmalloc: all blocks come from the pool. See
 * interpose/door.h.
 *
 * What is asked for before the pool exists lies in ordinary memory, in a kind
 * of its own (early.c). Such a block is freed, resized and asked for its size
 * like any other, because the engine finds the kind of a block by its address;
 * resized, it moves into the pool.
 *
 * A request that cannot be met is NULL with ENOMEM, and nothing else: never a
 * block from another heap, since the user chose where the heap may lie. Owns
 * nothing. Takes no lock itself; the engine does.
 */
#include <errno.h>
#include <string.h>

#include "arena/lookup.h"
#include "interpose/door.h"
#include "vmmalloc/early.h"
#include "vmmalloc/log.h"
#include "vmmalloc/pool.h"
#include "vmmalloc/report.h"

/* Sets errno anew: the engine may have set EPERM, in a child of fork that was
 * refused the pool, or nothing, if there is no kind at all. malloc(3) knows
 * ENOMEM alone. */
static void *
out_of_memory(size_t size)
{
	report_full(size);
	LOG_TRACE(1, "%zu bytes cannot be had", size);
	errno = ENOMEM;
	return NULL;
}

void *
door_malloc(size_t size)
{
	poolkind *kind = pool_or_early();
	void *block = kind == NULL ? NULL : poolkind_malloc(kind, size);

	return likely(block != NULL) ? block : out_of_memory(size);
}

void *
door_calloc(size_t size)
{
	poolkind *kind = pool_or_early();
	void *block = kind == NULL ? NULL : poolkind_calloc(kind, 1, size);

	return likely(block != NULL) ? block : out_of_memory(size);
}

void *
door_memalign(size_t alignment, size_t size)
{
	poolkind *kind = pool_or_early();
	void *block = kind == NULL ?
	    NULL :
	    poolkind_aligned_alloc(kind, alignment, size);

	return likely(block != NULL) ? block : out_of_memory(size);
}

/*
 * The block is looked up before the engine is asked to resize it: on a pointer
 * that is no block, which may be glibc's own, the engine would report misuse.
 *
 * A block of the pool grows or shrinks in place if it can, one from before the
 * pool moves into it. Where no other block can be had, and the present one is
 * large enough, it stays as it is, even outside of the pool: a program that
 * asks for less than it has should not be refused.
 */
bool
door_realloc(void *ptr, size_t size, void **resized)
{
	int saved = errno;
	poolkind *kind = pool_or_early();
	struct block block;

	*resized = poolkind_realloc_if_quick(kind, ptr, size);
	if (likely(*resized != NULL))
		return true;
	block = block_lookup(ptr);
	if (unlikely(block.heap == NULL))
		return false;
	*resized = kind == NULL ? NULL : poolkind_realloc(kind, ptr, size);
	if (likely(*resized != NULL))
		return true;
	if (size <= block.usable) {
		errno = saved;
		*resized = ptr;
	} else {
		out_of_memory(size);
	}
	return true;
}

/* The caller decides what a pointer is that is no block (entry.c). */
bool
door_free(void *ptr)
{
	if (likely(poolkind_free_if_any(ptr)))
		return true;
	LOG_TRACE(1, "ptr %p is not a block of the pool", ptr);
	return false;
}

/* The pool and what it falls back to, then the kind of what was allocated
 * before the pool existed, if anything was. */
poolkind *
door_kind(unsigned number)
{
	poolkind *kind = pool_kind();

	for (; kind != NULL && number > 0; number--)
		kind = poolkind_fallback(kind);
	return kind == NULL && number == 0 ? early_kind() : kind;
}

size_t
door_usable_size(const void *ptr)
{
	size_t usable = cache_size_of(
	    atomic_load_explicit(&pool_id, memory_order_relaxed), ptr);

	return likely(usable != 0) ? usable : block_lookup(ptr).usable;
}
