/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libc_heap.h - blocks of glibc's own heap, for libraries that stand in for it.
 *
 * Such blocks come to them from who calls glibc's malloc by another of its
 * names, or of a C library in another namespace (interpose/dlopen.c). Owns
 * nothing, takes no lock. A program that is linked statically has no such heap,
 * unless something else in it asked for it; then nothing is done. A pointer
 * that is not a block ends the process in glibc, with a line of its own.
 */
#ifndef BASE_LIBC_HEAP_H
#define BASE_LIBC_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

extern void __libc_free(void *ptr) __attribute__((weak));
extern void *__libc_realloc(void *ptr, size_t size) __attribute__((weak));

static inline bool
libc_heap_exists(void)
{
	return __libc_free != NULL && __libc_realloc != NULL;
}

static inline void
libc_heap_free(void *ptr)
{
	if (libc_heap_exists())
		__libc_free(ptr);
}

/*
 * Moves the block PTR of glibc's into BLOCK, a new one of SIZE bytes from
 * another allocator, and frees it. Only glibc knows how many bytes PTR has, so
 * it resizes the block to SIZE first, and then SIZE bytes can be copied. False,
 * and PTR is as it was, when that cannot be done.
 */
static inline bool
libc_heap_move(void *ptr, void *block, size_t size)
{
	void *resized;

	if (!libc_heap_exists())
		return false;
	resized = __libc_realloc(ptr, size);
	if (resized == NULL)
		return false;
	memcpy(block, resized, size);
	__libc_free(resized);
	return true;
}

#endif /* BASE_LIBC_HEAP_H */
