/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * free.c - blocks that go back, and their sizes. See poolkind.h.
 *
 * A block goes back to the heap that it came from, whatever kind the caller
 * names: the kind is no more than a hint at the cache to try first, and what is
 * found by the address decides (arena/free.c). So freeing a block as one of a
 * wrong kind harms nothing. The debug library reports it all the same, as it is
 * a fault of the program, which will one day close the kind it has in mind.
 *
 * The fast path is cache_free(), by the id in the handle. Takes no lock; what
 * lies behind does. Nothing fails but what is no block, which is reported where
 * it is found out.
 */
#include "arena/free.h"

#include <errno.h>

#include "kind/debug.h"
#include "kind/facade.h"

static inline void
free_block(poolkind *kind, void *ptr, size_t size)
{
	if (!debug_take(kind, ptr, size))
		return;
	if (kind == NULL)
		heap_free_any(ptr);
	else
		heap_free(kind_id(kind), ptr);
}

EXPORT void
poolkind_free(poolkind *kind, void *ptr)
{
	if (likely(ptr != NULL))
		free_block(kind, ptr, SIZE_UNKNOWN);
}

EXPORT void
poolkind_free_sized(poolkind *kind, void *ptr, size_t size)
{
	if (likely(ptr != NULL))
		free_block(kind, ptr, size);
}

/* For facades in malloc's place, which are given blocks of libc's, too. True
 * means that the pointer is no concern of the caller's any more; in the debug
 * library also of a block that was freed before: that has been reported, and
 * libc, to which the caller would hand it, would end the process. */
static inline bool
free_if_any(void *ptr, bool (*free_it)(void *ptr))
{
	int saved;

	if (!DEBUGGING)
		return free_it(ptr);
	if (block_lookup(ptr).heap == NULL)
		return false;
	saved = errno;
	if (debug_take(NULL, ptr, SIZE_UNKNOWN))
		return free_it(ptr);
	errno = saved;
	return true;
}

EXPORT bool
poolkind_free_if_any(void *ptr)
{
	return free_if_any(ptr, heap_free_if_any);
}

EXPORT bool
poolkind_free_counted(void *ptr)
{
	return free_if_any(ptr, heap_free_counted);
}

EXPORT size_t
poolkind_usable_size(const void *ptr)
{
	struct block block;

	return ptr != NULL && kind_block_of(ptr, &block) ? block.usable : 0;
}
