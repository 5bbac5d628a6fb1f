/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * heap.c - the heap of libvmmalloc: all blocks come from the pool. See
 * interpose/door.h.
 *
 * What is asked for before the pool exists lies in ordinary memory, in a kind
 * of its own (pool.c), and is freed, resized into the pool, asked for its size
 * like any other block. Takes no lock itself; the engine does.
 */
#include <errno.h>
#include <string.h>

#include "arena/lookup.h"
#include "interpose/door.h"
#include "vmmalloc/log.h"
#include "vmmalloc/pool.h"

static void *
out_of_memory(size_t size)
{
	(void)size;
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

/* Where a smaller block cannot be had, the one that is there may stay, though
 * it be none of the pool. */
bool
door_realloc(void *ptr, size_t size, void **resized)
{
	int saved = errno;
	struct block block = block_lookup(ptr);
	poolkind *kind = pool_or_early();

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

bool
door_free(void *ptr)
{
	if (likely(poolkind_free_if_any(ptr)))
		return true;
	LOG_TRACE(1, "ptr %p is not a block of the pool", ptr);
	return false;
}

/* What was allocated before the pool existed comes last. */
poolkind *
door_kind(unsigned number)
{
	if (pool != NULL && number == 0)
		return pool;
	return number == (pool != NULL) ? pool_early() : NULL;
}

size_t
door_usable_size(const void *ptr)
{
	return block_lookup(ptr).usable;
}
