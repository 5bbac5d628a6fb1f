/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entry.c - malloc and its relatives, as the C library has them, for the
 * libraries that are preloaded: libautohbw and libmemtier.
 *
 * All of them, so that a block is freed by whom it came from. Rules of the C
 * library are kept here: sizes of 0, overflow, alignments, errno. heap.h gives
 * the blocks. A pointer that no kind knows is glibc's and goes there.
 *
 * Owns heap_inside. Called by the program, from any thread, at any time. Takes
 * no lock.
 */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/libc_heap.h"
#include "interpose/heap.h"

#define EXPORT __attribute__((visibility("default")))

_Thread_local bool heap_inside;

/* Not in the headers of every C library. */
void cfree(void *ptr);
void free_sized(void *ptr, size_t size);
void free_aligned_sized(void *ptr, size_t alignment, size_t size);

/* A request for nothing gets a block of its own. */
static inline size_t
some(size_t size)
{
	return size + (size == 0);
}

static void *
refuse(int errnum)
{
	errno = errnum;
	return NULL;
}

static inline void
release(void *ptr)
{
	if (ptr != NULL && unlikely(!heap_free(ptr)))
		libc_heap_free(ptr);
}

static __attribute__((noinline, cold)) void *
move_foreign(void *ptr, size_t size)
{
	void *block = heap_malloc(size);

	if (block != NULL && !libc_heap_move(ptr, block, size)) {
		release(block);
		return refuse(ENOMEM);
	}
	return block;
}

static void *
resize(void *ptr, size_t size)
{
	memkind_t kind;

	if (ptr == NULL)
		return heap_malloc(some(size));
	if (size == 0) {
		release(ptr);
		return NULL;
	}
	kind = memkind_detect_kind(ptr);
	if (unlikely(kind == NULL))
		return move_foreign(ptr, size);
	return heap_realloc(kind, ptr, size);
}

static void *
allocate_aligned(size_t alignment, size_t size)
{
	int saved_errno = errno;
	void *block = NULL;
	int error = heap_memalign(
	    &block, max_size(alignment, sizeof(void *)), some(size));

	if (error != 0)
		return refuse(error);
	errno = saved_errno;
	return block;
}

/* ---- The functions ------------------------------------------------------- */

EXPORT void *
malloc(size_t size)
{
	return heap_malloc(some(size));
}

EXPORT void
free(void *ptr)
{
	release(ptr);
}

EXPORT void
cfree(void *ptr)
{
	release(ptr);
}

/* C23's: what they are told of the block is not needed. */
EXPORT void
free_sized(void *ptr, size_t size)
{
	(void)size;
	release(ptr);
}

EXPORT void
free_aligned_sized(void *ptr, size_t alignment, size_t size)
{
	(void)alignment;
	(void)size;
	release(ptr);
}

EXPORT void *
calloc(size_t number, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(number, size, &bytes))
		return refuse(ENOMEM);
	return heap_calloc(some(bytes));
}

EXPORT void *
realloc(void *ptr, size_t size)
{
	return resize(ptr, size);
}

EXPORT void *
reallocarray(void *ptr, size_t number, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(number, size, &bytes))
		return refuse(ENOMEM);
	return resize(ptr, bytes);
}

EXPORT int
posix_memalign(void **memptr, size_t alignment, size_t size)
{
	int saved_errno = errno;
	void *block;
	int error;

	if (!is_power_of_two(alignment) || alignment < sizeof(void *))
		return EINVAL;
	error = heap_memalign(&block, alignment, some(size));
	if (error == 0)
		*memptr = block;
	errno = saved_errno;
	return error;
}

EXPORT void *
aligned_alloc(size_t alignment, size_t size)
{
	if (!is_power_of_two(alignment))
		return refuse(EINVAL);
	return allocate_aligned(alignment, size);
}

/* Takes any alignment, and gives that of the next power of two. */
EXPORT void *
memalign(size_t alignment, size_t size)
{
	size_t power = sizeof(void *);

	if (alignment > SIZE_MAX / 2 + 1)
		return refuse(EINVAL);
	while (power < alignment)
		power <<= 1;
	return allocate_aligned(power, size);
}

EXPORT void *
valloc(size_t size)
{
	return allocate_aligned(PAGE_BYTES, size);
}

EXPORT void *
pvalloc(size_t size)
{
	if (size > SIZE_MAX - PAGE_BYTES)
		return refuse(ENOMEM);
	return allocate_aligned(PAGE_BYTES, align_up(some(size), PAGE_BYTES));
}

EXPORT size_t
malloc_usable_size(void *ptr)
{
	memkind_t kind = ptr == NULL ? NULL : memkind_detect_kind(ptr);

	return kind == NULL ? 0 : memkind_malloc_usable_size(kind, ptr);
}

#ifdef INTERPOSE_JE
/* ---- The same with jemalloc's prefix ------------------------------------- */

#if __has_attribute(copy)
#define ALIAS_OF(name) alias(#name), copy(name)
#else
#define ALIAS_OF(name) alias(#name)
#endif
#define JE(name) \
	extern EXPORT __typeof__(name) je_##name __attribute__((ALIAS_OF(name)))

JE(malloc);
JE(calloc);
JE(realloc);
JE(free);
JE(posix_memalign);
JE(aligned_alloc);
JE(memalign);
JE(valloc);
JE(malloc_usable_size);
#endif
