/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entry.c - malloc and its relatives, as the C library has them, for the
 * libraries that stand in its place: libvmmalloc, libautohbw, libmemtier and
 * libpoolkind-malloc.
 *
 * All of these functions are defined, also the rare ones: a block of a
 * memalign() that was left to the C library would come to our free(). The rules
 * of the C library are kept here: sizes of 0, overflow, alignments, errno. The
 * thread's caches are asked first (arena/cache.h), as far as the library's
 * door.h allows; everything else is served by the library's heap.c.
 *
 * What a replacement of malloc has to live with, and how it is dealt with:
 *
 *  - It is called before any constructor has run, the library's own included:
 *    by the dynamic linker, as soon as symbols are bound, and by libraries that
 *    are initialised earlier. So nothing here needs to be set up. door_take()
 *    and door_give() begin with NO_HEAP, under which no thread has a cache, and
 *    heap.c opens a kind when the first request comes.
 *  - It is called after the last destructor, of the process or of a thread. No
 *    library here ever closes its kinds, and a thread that has lost its record
 *    is served without a cache (arena/thread.c).
 *  - Thread-local variables are of the initial-exec model alone. With any other
 *    the first access of a thread may go through __tls_get_addr, which gets
 *    memory from malloc.
 *  - dlsym(3) is never needed to serve a request. Interposers that look up the
 *    malloc behind them re-enter themselves, since dlsym() may call
 *    calloc before they have anything to answer with. Here all memory is the
 *    engine's, and glibc's own functions are reached by names that nobody
 *    interposes (base/libc_heap.h).
 *  - Blocks of glibc's own heap arrive at free() and realloc(), from code that
 *    calls glibc's malloc by another of its names, as __libc_malloc. No kind
 *    knows such a pointer, so it goes to glibc.
 *  - The program's errno stays as it is where nothing fails, in free() above
 *    all, which programs call between an error and its report.
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

/* A block out of a bin whose size is the next multiple of the alignment, or the
 * next class above that: all blocks of such a bin are aligned, up to a page
 * (arena/sizeclass.c). SIZE is not 0. */
static void *
take_aligned(size_t alignment, size_t size)
{
	if (unlikely(alignment > PAGE_BYTES || size > CACHE_SIZE_MAX))
		return NULL;
	return door_take_as(size, align_up(size, alignment));
}

/* The size to ask the engine for: a request for nothing gets a block of its
 * own, as the C library does it. The fast path needs no such care, as its table
 * of sizes has the smallest bin for 0. */
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

/*
 * The slow paths, and how valgrind hears of their blocks. memcheck names a
 * block by the stack on which it was announced, and users suppress by the
 * function on top, so it must be announced in malloc() itself, not in a helper:
 * hence macros (kind/aloud.h). DOOR_ALOUD is a constant. Where it is false, the
 * library's blocks are announced by the engine, and only the plain call is
 * left of these. RELEASE tries the fast path first; glibc's own blocks, which
 * the engine never announced, must not be taken back in its name either.
 */
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
		if (likely(door_give(ptr))) \
			break; \
		if (DOOR_ALOUD && is_watched(ptr)) \
			GIVE_ALOUD(ptr, release_slowly(ptr)); \
		else \
			release_slowly(ptr); \
	} while (0)

/* Whether valgrind runs, and knows the block from the engine. */
static bool
is_watched(const void *ptr)
{
	return IS_ALOUD && poolkind_of(ptr) != NULL;
}

/*
 * Frees what the thread's caches do not take: NULL, a block of another kind, a
 * block for which the bin has no room, and what is no block.
 *
 * Where no block begins at PTR, its address decides. In the memory of a kind it
 * is a block that was freed before, or a pointer into the middle of one: that
 * is reported, and nothing is done, since glibc would end the process over it.
 * Anywhere else it must be a block of glibc's own heap. free(3) leaves errno.
 */
static __attribute__((noinline)) void
release_slowly(void *ptr)
{
	int saved;

	if (ptr == NULL || likely(door_free(ptr)))
		return;
	saved = errno;
	if (!poolkind_is_misused(ptr))
		libc_heap_free(ptr);
	errno = saved;
}

/* realloc() of a block of glibc's own heap, which moves to a block of ours, so
 * that what the program resizes is where the user wanted the heap. EINVAL for a
 * pointer into the memory of a kind, at which no block begins: glibc would end
 * the process over it. Where it fails the old block is as it was. */
static __attribute__((noinline, cold)) void *
move_foreign(void *ptr, size_t size)
{
	void *block;

	if (poolkind_is_misused(ptr) || !libc_heap_exists())
		return refuse(EINVAL);
	block = door_malloc(size);
	if (block != NULL && !libc_heap_move(ptr, block, size)) {
		RELEASE(block);
		return refuse(ENOMEM);
	}
	return block;
}

/* realloc() and reallocarray(). A size of 0 frees the block and returns NULL,
 * as in the C library, with errno as it was. Where a block cannot be had, the
 * old one stays, with its contents. */
static void *
resize(void *ptr, size_t size)
{
	void *resized;

	if (ptr == NULL) {
		resized = door_take(size);
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

/*
 * As in malloc(3), posix_memalign(3) and malloc_usable_size(3); said below is
 * where they differ from the C library, or from one another. DOOR_TRACE writes
 * of each call in the debug library of libvmmalloc, in words that programs
 * which read its log compare with. What is slow stands in functions of its own,
 * which are called last where that can be, so that the fast path of malloc()
 * needs no stack frame.
 */

EXPORT void *
malloc(size_t size)
{
	void *ptr;

	DOOR_TRACE("size %zu", size);
	ptr = door_take(size);
	if (likely(ptr != NULL))
		return ptr;
	DOOR_CALLED();
	RETURN_SLOWLY(door_malloc(some(size)), false);
}

EXPORT void
free(void *ptr)
{
	DOOR_TRACE("ptr %p", ptr);
	RELEASE(ptr);
}

/* glibc dropped it in 2.26, but programs that were linked before that call
 * it. */
EXPORT void
cfree(void *ptr)
{
	DOOR_TRACE("ptr %p", ptr);
	RELEASE(ptr);
}

/* C23's. Defined whatever the C library is: in one that has them a program
 * would pass our blocks to its. What they are told of the block is not needed.
 */
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

/* A block from a cache holds what its last owner wrote, so it is cleared here.
 * Of a large one the engine may know that its pages are zero. */
EXPORT void *
calloc(size_t number, size_t size)
{
	size_t bytes;
	void *ptr;

	DOOR_TRACE("nmemb %zu, size %zu", number, size);
	if (__builtin_mul_overflow(number, size, &bytes))
		return refuse(ENOMEM);
	ptr = door_take(bytes);
	if (likely(ptr != NULL))
		return memset(ptr, 0, bytes);
	DOOR_CALLED();
	RETURN_SLOWLY(door_calloc(some(bytes)), true);
}

EXPORT void *
realloc(void *ptr, size_t size)
{
	DOOR_TRACE("ptr %p, size %zu", ptr, size);
	DOOR_CALLED();
	return resize(ptr, size);
}

EXPORT void *
reallocarray(void *ptr, size_t number, size_t size)
{
	size_t bytes;

	DOOR_TRACE("ptr %p, nmemb %zu, size %zu", ptr, number, size);
	if (__builtin_mul_overflow(number, size, &bytes))
		return refuse(ENOMEM);
	DOOR_CALLED();
	return resize(ptr, bytes);
}

/* libvmmalloc's programs were built for one that takes alignments of 1, 2 and
 * 4, and that stores NULL when it fails (DOOR_ANY_ALIGNMENT). Elsewhere it is
 * as in the C library: a power of two from the size of a pointer on, and
 * nothing is stored when it fails. errno stays in any case: the error is what
 * is returned. */
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
	block = take_aligned(alignment, some(size));
	if (unlikely(block == NULL)) {
		DOOR_CALLED();
		TAKE_SLOWLY(block, door_memalign(alignment, some(size)), false);
	}
	if (block != NULL)
		*memptr = block;
	else
		error = errno;
	errno = saved;
	return error;
}

/* C17 lets any size go with any alignment; glibc before 2.38 did not even look
 * at the alignment, and rounded it up. */
EXPORT void *
aligned_alloc(size_t alignment, size_t size)
{
	void *ptr;

	DOOR_TRACE("alignment %zu  size %zu", alignment, size);
	if (!is_power_of_two(alignment))
		return refuse(EINVAL);
	ptr = take_aligned(alignment, some(size));
	if (likely(ptr != NULL))
		return ptr;
	DOOR_CALLED();
	RETURN_SLOWLY(door_memalign(alignment, some(size)), false);
}

/* Takes any alignment and rounds it up to the next power of two, as glibc does.
 * Above SIZE_MAX / 2 + 1 there is none. */
EXPORT void *
memalign(size_t boundary, size_t size)
{
	size_t power = sizeof(void *);
	void *ptr;

	DOOR_TRACE("boundary %zu  size %zu", boundary, size);
	if (boundary > SIZE_MAX / 2 + 1)
		return refuse(EINVAL);
	while (power < boundary)
		power <<= 1;
	ptr = take_aligned(power, some(size));
	if (likely(ptr != NULL))
		return ptr;
	DOOR_CALLED();
	RETURN_SLOWLY(door_memalign(power, some(size)), false);
}

EXPORT void *
valloc(size_t size)
{
	DOOR_TRACE("size %zu", size);
	DOOR_CALLED();
	RETURN_SLOWLY(door_memalign(PAGE_BYTES, some(size)), false);
}

/* Whole pages: the sum is checked, since a size near SIZE_MAX would wrap around
 * to a small block. */
EXPORT void *
pvalloc(size_t size)
{
	DOOR_TRACE("size %zu", size);
	if (size > SIZE_MAX - PAGE_BYTES)
		return refuse(ENOMEM);
	size = align_up(some(size), PAGE_BYTES);
	DOOR_CALLED();
	RETURN_SLOWLY(door_memalign(PAGE_BYTES, size), false);
}

/* 0 for what is no block of ours, of which nothing can be known. */
EXPORT size_t
malloc_usable_size(void *ptr)
{
	DOOR_TRACE("ptr %p", ptr);
	return ptr == NULL ? 0 : door_usable_size(ptr);
}

#ifdef INTERPOSE_JE
/* ---- The same with jemalloc's prefix ------------------------------------- */

/*
 * memkind's libmemtier exports these names beside the usual ones, so ours does:
 * as aliases, which share the code and the rules. copy() gives an alias the
 * attributes of its target, without which GCC 9 and later warn.
 */

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
