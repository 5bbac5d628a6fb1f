/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * allocate.c - blocks of a kind. See poolkind.h.
 *
 * The fast paths: a block comes out of the thread's cache of the kind, found
 * through one pointer of the thread, and goes back there. Takes no lock; what
 * lies behind does. The debug library fills blocks as they come and go, and
 * looks each pointer up before it believes what is said of it.
 */
#include <errno.h>
#include <string.h>

#include "arena/cache.h"
#include "base/annotate.h"
#include "base/error.h"
#include "kind/facade.h"
#include "kind/kind.h"

#ifdef POOLKIND_DEBUG
#define JUNK_NEW 0xa5
#define JUNK_OLD 0x5a
#define DEBUGGING 1
#else
#define JUNK_NEW 0
#define JUNK_OLD 0
#define DEBUGGING 0
#endif

/* ---- Allocation ---------------------------------------------------------- */

/* NULL from below, as the caller of the API sees it. */
static void *
no_block(const poolkind *kind)
{
	if (source_refused(kind_source(kind)))
		error_set(EPERM,
		    "kind \"%s\" (%.160s) is not for the child of "
		    "a fork",
		    kind->name, kind->text);
	else
		errno = ENOMEM;
	return NULL;
}

static void *
new_block(void *ptr)
{
	if (DEBUGGING)
		memset(ptr, JUNK_NEW, block_of(ptr).usable);
	return ptr;
}

/* What a slow path has to do to a block, or to none, before it returns. */
static void *
finish(poolkind *kind, void *ptr, bool zero, int saved_errno)
{
	if (unlikely(ptr == NULL))
		return no_block(kind);
	errno = saved_errno;
	if (unlikely(annotate_is_on())) {
		size_t usable = block_of(ptr).usable;

		annotate_block(ptr, usable);
		if (zero)
			memset(ptr, 0, usable);
	}
	return zero ? ptr : new_block(ptr);
}

/* A block of one heap, through the cache if ALIGNMENT is 0. */
static void *
block_of_heap(struct heap *heap, size_t size, size_t alignment, bool zero)
{
	return alignment == 0 ? heap_malloc(heap, size) :
				heap_allocate(heap, size, alignment, zero);
}

/* Drops what all places of a kind keep, when that can make room under their
 * common limit. False: it cannot, since nothing changed after the last time. */
static bool
drain_places(struct places *places)
{
	uint64_t before = 0, after = 0;

	if (!source_has_limit(places->heap[0].source))
		return false;
	for (unsigned i = 0; i < places->count; i++)
		before += heap_changes(&places->heap[i]);
	if (before == atomic_load(&places->full))
		return false;
	for (unsigned i = 0; i < places->count; i++)
		heap_drain(&places->heap[i]);
	for (unsigned i = 0; i < places->count; i++)
		after += heap_changes(&places->heap[i]);
	atomic_store(&places->full, after);
	return true;
}

/* A block of KIND alone. */
static void *
block_of_kind(poolkind *kind, size_t size, size_t alignment, bool zero)
{
	struct heap *heap = kind_heap_here(kind);
	void *ptr = block_of_heap(heap, size, alignment, zero);

	return unlikely(ptr == NULL && kind->places != NULL) &&
		drain_places(kind->places) ?
	    block_of_heap(heap, size, alignment, zero) :
	    ptr;
}

/* The same, or a block of the kind that it falls back to. */
static void *
block_of_any(poolkind *kind, size_t size, size_t alignment, bool zero)
{
	void *ptr = block_of_kind(kind, size, alignment, zero);

	while (unlikely(ptr == NULL && (kind = kind->fallback) != NULL))
		ptr = block_of_kind(kind, size, alignment, zero);
	return ptr;
}

static void *__attribute__((noinline))
malloc_slowly(poolkind *kind, size_t size)
{
	int saved = errno;
	void *ptr;

	annotate_enter();
	ptr = finish(kind, block_of_any(kind, size, 0, false), false, saved);
	annotate_leave();
	return ptr;
}

EXPORT void *
poolkind_malloc(poolkind *kind, size_t size)
{
	void *ptr = cache_malloc(kind->heap.id, size);

	return likely(ptr != NULL) ? new_block(ptr) : malloc_slowly(kind, size);
}

/* A block that no cache serves: large, or aligned to more than a page. */
static void *
allocate(poolkind *kind, size_t size, size_t alignment, bool zero)
{
	int saved = errno;
	void *ptr;

	annotate_enter();
	/* Under valgrind nobody may touch the block before it is one. */
	ptr = finish(kind,
	    block_of_any(kind, size, alignment, zero && !annotate_is_on()),
	    zero, saved);
	annotate_leave();
	return ptr;
}

EXPORT void *
poolkind_calloc(poolkind *kind, size_t count, size_t size)
{
	size_t bytes;
	void *ptr;

	if (__builtin_mul_overflow(count, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	if (bytes > CACHE_SIZE_MAX)
		return allocate(kind, bytes, 1, true);
	ptr = poolkind_malloc(kind, bytes);
	return ptr == NULL ? NULL : memset(ptr, 0, bytes);
}

/* A block that is aligned; a small one is, if it is of the right class. */
static void *
aligned(poolkind *kind, size_t alignment, size_t size)
{
	size_t usable = usable_size_aligned(size, alignment);

	if (usable == 0) {
		errno = ENOMEM;
		return NULL;
	}
	if (alignment <= PAGE_BYTES && usable <= CACHE_SIZE_MAX)
		return poolkind_malloc(kind, usable);
	return allocate(kind, size, alignment, false);
}

EXPORT void *
poolkind_aligned_alloc(poolkind *kind, size_t alignment, size_t size)
{
	if (is_power_of_two(alignment))
		return aligned(kind, alignment, size);
	error_set(EINVAL, "an alignment of %zu: it must be a power of two",
	    alignment);
	return NULL;
}

EXPORT int
poolkind_posix_memalign(
    poolkind *kind, void **ptr, size_t alignment, size_t size)
{
	int saved = errno, error = 0;

	*ptr = NULL;
	if (!is_power_of_two(alignment) || alignment % sizeof(void *) != 0) {
		error_set(EINVAL,
		    "an alignment of %zu: it must be a power of "
		    "two and a multiple of %zu",
		    alignment, sizeof(void *));
		error = EINVAL;
	} else {
		*ptr = aligned(kind, alignment, size);
		if (*ptr == NULL)
			error = errno;
	}
	errno = saved;
	return error;
}

/* ---- Freeing ------------------------------------------------------------- */

static void
no_such_block(const void *ptr)
{
	error_set(EINVAL, "%p is no block of any kind", ptr);
}

/* Whether a block of HOME can have come out of KIND. */
static bool
may_be_of(const poolkind *home, const poolkind *kind)
{
	while (kind != NULL && kind != home)
		kind = kind->fallback;
	return kind != NULL;
}

/* What the debug library finds out before it frees: false if it must not. */
static bool
may_free(const poolkind *kind, void *ptr, size_t size)
{
	struct block block = block_of(ptr);

	if (block.heap == NULL) {
		no_such_block(ptr);
		return false;
	}
	if (kind != NULL && !may_be_of(kind_of_heap(block.heap), kind))
		error_set(EINVAL,
		    "block %p of kind \"%s\" was freed as one of "
		    "kind \"%s\"",
		    ptr, kind_of_heap(block.heap)->name, kind->name);
	if (size > block.usable)
		error_set(EINVAL,
		    "block %p of %zu bytes was freed as one of "
		    "%zu",
		    ptr, block.usable, size);
	if (!source_refused(block.heap->source))
		memset(ptr, JUNK_OLD, block.usable);
	return true;
}

static inline void
free_block(poolkind *kind, void *ptr, size_t size)
{
	if (DEBUGGING && !may_free(kind, ptr, size))
		return;
	if (kind == NULL)
		heap_free_any(ptr);
	else
		heap_free(&kind->heap, ptr);
}

EXPORT void
poolkind_free(poolkind *kind, void *ptr)
{
	if (likely(ptr != NULL))
		free_block(kind, ptr, 0);
}

EXPORT void
poolkind_free_sized(poolkind *kind, void *ptr, size_t size)
{
	if (likely(ptr != NULL))
		free_block(kind, ptr, size);
}

EXPORT bool
poolkind_free_if_any(void *ptr)
{
	if (DEBUGGING && (block_of(ptr).heap == NULL || !may_free(NULL, ptr, 0)))
		return false;
	return heap_free_if_any(ptr);
}

EXPORT size_t
poolkind_usable_size(const void *ptr)
{
	struct block block;

	if (ptr == NULL)
		return 0;
	block = block_of(ptr);
	if (block.heap == NULL) {
		no_such_block(ptr);
		return 0;
	}
	return block.usable;
}

/* ---- Reallocation -------------------------------------------------------- */

/* The block in SIZE bytes, where it is if that can be, else somewhere else. A
 * block that cannot shrink, for want of a smaller one, is as good as it is. */
static void *
reallocate(poolkind *kind, void *ptr, const struct block *block, size_t size)
{
	bool at_home = kind_of_heap(block->heap) == kind;
	int saved = errno;
	void *moved;

	if (at_home &&
	    (usable_size_for(size) == block->usable ||
		heap_resize(ptr, block, size))) {
		errno = saved;
		return ptr;
	}
	moved = poolkind_malloc(kind, size);
	if (moved == NULL) {
		if (!at_home || size > block->usable)
			return NULL;
		errno = saved;
		return ptr;
	}
	memcpy(moved, ptr, min_size(size, block->usable));
	poolkind_free(NULL, ptr);
	return moved;
}

EXPORT void *
poolkind_defragment(void *ptr)
{
	struct block block = block_of(ptr);

	return block.heap == NULL ? NULL : heap_defragment(ptr, &block);
}

EXPORT void *
poolkind_realloc(poolkind *kind, void *ptr, size_t size)
{
	struct block block;

	if (ptr == NULL && kind != NULL)
		return poolkind_malloc(kind, size);
	if (ptr == NULL) {
		error_set(EINVAL,
		    "neither a kind nor a block: one is needed "
		    "to know where memory should come from");
		return NULL;
	}
	if (size == 0) {
		poolkind_free(kind, ptr);
		return NULL;
	}
	block = block_of(ptr);
	if (block.heap == NULL) {
		no_such_block(ptr);
		return NULL;
	}
	if (source_refused(block.heap->source))
		return no_block(kind_of_heap(block.heap));
	if (kind == NULL)
		kind = kind_of_heap(block.heap);
	return reallocate(kind, ptr, &block, size);
}
