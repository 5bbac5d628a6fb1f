/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entry.c - malloc and its relatives, as the C library has them, for the
 * libraries that stand in its place: libvmmalloc, libautohbw and libmemtier.
 *
 * All of them, so that a block is freed by whom it came from. Rules of the C
 * library are kept here: sizes of 0, overflow, alignments, errno. The thread's
 * cache of one heap is asked first (arena/cache.h), as far as the library's
 * door.h allows; what that does not serve is the library's heap.c to serve. A
 * pointer that no kind knows is glibc's and goes there.
 *
 * Owns nothing. Called by the program, from any thread, at any time. Takes no
 * lock.
 */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/libc_heap.h"
#include "kind/aloud.h"
#include "poolkind.h"
#include INTERPOSE_DOOR

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

/* The quick way: NULL if that is none for SIZE, or not just now. */
static inline void *
take(size_t size)
{
	return likely(door_is_plain(size)) ? cache_malloc(door_heap(), size) :
					     NULL;
}

/* What these do is announced in the name of the function they stand in. */
#define TAKE_SLOWLY(ptr, call, zeroed) \
	do { \
		if (DOOR_ALOUD) \
			TAKE_ALOUD(ptr, call, door_usable_size, zeroed); \
		else \
			(ptr) = (call); \
	} while (0)
#define RETURN_SLOWLY(call, zeroed) \
	do { \
		if (!DOOR_ALOUD) \
			return (call); \
		RETURN_ALOUD(call, door_usable_size, zeroed); \
	} while (0)
#define RELEASE(ptr) \
	do { \
		if (likely(cache_free(door_heap(), ptr))) \
			break; \
		if (DOOR_ALOUD && is_watched(ptr)) \
			GIVE_ALOUD(ptr, release_slowly(ptr)); \
		else \
			release_slowly(ptr); \
	} while (0)

/* Whether valgrind knows the block: glibc's own it does not. */
static bool
is_watched(const void *ptr)
{
	return IS_ALOUD && poolkind_of(ptr) != NULL;
}

/* glibc's own block, or one of ours that was freed already: that one is left
 * alone. */
static __attribute__((noinline)) void
release_slowly(void *ptr)
{
	if (ptr != NULL && unlikely(!door_free(ptr)) &&
	    poolkind_of(ptr) == NULL)
		libc_heap_free(ptr);
}

static __attribute__((noinline, cold)) void *
move_foreign(void *ptr, size_t size)
{
	void *block;

	if (!libc_heap_exists() || poolkind_of(ptr) != NULL)
		return refuse(EINVAL);
	block = door_malloc(size);
	if (block != NULL && !libc_heap_move(ptr, block, size)) {
		RELEASE(block);
		return refuse(ENOMEM);
	}
	return block;
}

static void *
resize(void *ptr, size_t size)
{
	void *resized;

	if (ptr == NULL) {
		resized = take(size);
		if (unlikely(resized == NULL))
			TAKE_SLOWLY(resized, door_malloc(some(size)), false);
		return resized;
	}
	if (size == 0) {
		RELEASE(ptr);
		return NULL;
	}
	return likely(door_realloc(ptr, size, &resized)) ?
	    resized :
	    move_foreign(ptr, size);
}

/* ---- The functions ------------------------------------------------------- */

EXPORT void *
malloc(size_t size)
{
	void *ptr;

	DOOR_TRACE("size %zu", size);
	ptr = take(size);
	if (likely(ptr != NULL))
		return ptr;
	RETURN_SLOWLY(door_malloc(some(size)), false);
}

EXPORT void
free(void *ptr)
{
	DOOR_TRACE("ptr %p", ptr);
	RELEASE(ptr);
}

EXPORT void
cfree(void *ptr)
{
	DOOR_TRACE("ptr %p", ptr);
	RELEASE(ptr);
}

/* C23's: what they are told of the block is not needed. */
EXPORT void
free_sized(void *ptr, size_t size)
{
	DOOR_TRACE("ptr %p, size %zu", ptr, size);
	(void)size;
	RELEASE(ptr);
}

EXPORT void
free_aligned_sized(void *ptr, size_t alignment, size_t size)
{
	DOOR_TRACE("ptr %p, alignment %zu, size %zu", ptr, alignment, size);
	(void)alignment;
	(void)size;
	RELEASE(ptr);
}

EXPORT void *
calloc(size_t number, size_t size)
{
	size_t bytes;
	void *ptr;

	DOOR_TRACE("nmemb %zu, size %zu", number, size);
	if (__builtin_mul_overflow(number, size, &bytes))
		return refuse(ENOMEM);
	ptr = take(bytes);
	if (likely(ptr != NULL))
		return memset(ptr, 0, bytes);
	RETURN_SLOWLY(door_calloc(some(bytes)), true);
}

EXPORT void *
realloc(void *ptr, size_t size)
{
	DOOR_TRACE("ptr %p, size %zu", ptr, size);
	return resize(ptr, size);
}

EXPORT void *
reallocarray(void *ptr, size_t number, size_t size)
{
	size_t bytes;

	DOOR_TRACE("ptr %p, nmemb %zu, size %zu", ptr, number, size);
	if (__builtin_mul_overflow(number, size, &bytes))
		return refuse(ENOMEM);
	return resize(ptr, bytes);
}

EXPORT int
posix_memalign(void **memptr, size_t alignment, size_t size)
{
	int saved = errno, error = 0;
	void *block;

	DOOR_TRACE("alignment %zu  size %zu", alignment, size);
	if (DOOR_ANY_ALIGNMENT)
		*memptr = NULL;
	if (!is_power_of_two(alignment) ||
	    (!DOOR_ANY_ALIGNMENT && alignment < sizeof(void *)))
		return EINVAL;
	TAKE_SLOWLY(block, door_memalign(alignment, some(size)), false);
	if (block != NULL)
		*memptr = block;
	else
		error = errno;
	errno = saved;
	return error;
}

EXPORT void *
aligned_alloc(size_t alignment, size_t size)
{
	DOOR_TRACE("alignment %zu  size %zu", alignment, size);
	if (!is_power_of_two(alignment))
		return refuse(EINVAL);
	RETURN_SLOWLY(door_memalign(alignment, some(size)), false);
}

/* Takes any alignment, and gives that of the next power of two. */
EXPORT void *
memalign(size_t boundary, size_t size)
{
	size_t power = sizeof(void *);

	DOOR_TRACE("boundary %zu  size %zu", boundary, size);
	if (boundary > SIZE_MAX / 2 + 1)
		return refuse(EINVAL);
	while (power < boundary)
		power <<= 1;
	RETURN_SLOWLY(door_memalign(power, some(size)), false);
}

EXPORT void *
valloc(size_t size)
{
	DOOR_TRACE("size %zu", size);
	RETURN_SLOWLY(door_memalign(PAGE_BYTES, some(size)), false);
}

EXPORT void *
pvalloc(size_t size)
{
	DOOR_TRACE("size %zu", size);
	if (size > SIZE_MAX - PAGE_BYTES)
		return refuse(ENOMEM);
	size = align_up(some(size), PAGE_BYTES);
	RETURN_SLOWLY(door_memalign(PAGE_BYTES, size), false);
}

EXPORT size_t
malloc_usable_size(void *ptr)
{
	DOOR_TRACE("ptr %p", ptr);
	return ptr == NULL ? 0 : door_usable_size(ptr);
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
