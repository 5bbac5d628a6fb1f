/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libvmmalloc.h - a program's whole heap in a pool.
 *
 * A program that links with -lvmmalloc, or runs with libvmmalloc.so.1 in
 * LD_PRELOAD, gets its memory from the pool that VMMALLOC_POOL_DIR and
 * VMMALLOC_POOL_SIZE (or VMMALLOC_KIND) describe. Nothing has to be called:
 * the functions below are the ones of the C library, under the same names.
 * libvmmalloc(7) has the variables and what differs from the C library.
 */
#ifndef LIBVMMALLOC_H
#define LIBVMMALLOC_H 1

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VMMALLOC_MAJOR_VERSION 1
#define VMMALLOC_MINOR_VERSION 1

/* The smallest pool: 14 MiB. */
#define VMMALLOC_MIN_POOL ((size_t)(1024 * 1024 * 14))

#ifdef __GNUC__
#define GCC_VER (__GNUC__ * 10000 + __GNUC_MINOR__ * 100 + __GNUC_PATCHLEVEL__)
#define __ATTR_MALLOC__ __attribute__((malloc))
#define __ATTR_NONNULL__(x) __attribute__((nonnull(x)))
#define __ATTR_ALLOC_SIZE__(...) __attribute__((alloc_size(__VA_ARGS__)))
#if defined(__clang__) || GCC_VER >= 40900
#define __ATTR_ALLOC_ALIGN__(x) __attribute__((alloc_align(x)))
#else
#define __ATTR_ALLOC_ALIGN__(x)
#endif
#else
#define __ATTR_MALLOC__
#define __ATTR_NONNULL__(x)
#define __ATTR_ALLOC_SIZE__(...)
#define __ATTR_ALLOC_ALIGN__(x)
#endif

/* The C library's own declarations promise a C++ program that nothing is
 * thrown; ours have to say the same. */
#ifdef __cplusplus
#if __cplusplus >= 201103L
#define VMMALLOC_NOTHROW noexcept(true)
#else
#define VMMALLOC_NOTHROW throw()
#endif
#else
#define VMMALLOC_NOTHROW
#endif

/* SIZE bytes, aligned for any object; a unique block for 0. NULL with ENOMEM
 * when the pool has no room: there is no other memory to fall back to. */
extern void *malloc(size_t size) VMMALLOC_NOTHROW __ATTR_MALLOC__
    __ATTR_ALLOC_SIZE__(1);

/* NUMBER times SIZE bytes of zero. ENOMEM also when the product overflows. */
extern void *calloc(size_t number, size_t size) VMMALLOC_NOTHROW __ATTR_MALLOC__
    __ATTR_ALLOC_SIZE__(1, 2);

/* The block at PTR in a new size, perhaps at a new place. With PTR NULL a
 * malloc(); with SIZE 0 the block is freed and NULL returned. After ENOMEM the
 * old block is as it was. */
extern void *realloc(void *ptr, size_t size) VMMALLOC_NOTHROW
    __ATTR_ALLOC_SIZE__(2);

/* Gives the block back; NULL is allowed. */
extern void free(void *ptr) VMMALLOC_NOTHROW;
extern void cfree(void *ptr) VMMALLOC_NOTHROW;

/* A block aligned to BOUNDARY or ALIGNMENT, any power of two (1, 2 and 4, too):
 * EINVAL else, but for memalign(), which rounds up to one. posix_memalign()
 * returns the error number instead of setting errno, and stores NULL when it
 * fails. */
extern int posix_memalign(void **memptr, size_t alignment,
    size_t size) VMMALLOC_NOTHROW __ATTR_NONNULL__(1);
extern void *memalign(
    size_t boundary, size_t size) VMMALLOC_NOTHROW __ATTR_MALLOC__
    __ATTR_ALLOC_ALIGN__(1) __ATTR_ALLOC_SIZE__(2);
extern void *aligned_alloc(
    size_t alignment, size_t size) VMMALLOC_NOTHROW __ATTR_MALLOC__
    __ATTR_ALLOC_ALIGN__(1) __ATTR_ALLOC_SIZE__(2);

/* A block aligned to the page; pvalloc() rounds its size up to pages. */
extern void *valloc(size_t size) VMMALLOC_NOTHROW __ATTR_MALLOC__
    __ATTR_ALLOC_SIZE__(1);
extern void *pvalloc(size_t size) VMMALLOC_NOTHROW __ATTR_MALLOC__;

/* Bytes that may be used at PTR, at least as many as were asked for; 0 for
 * NULL and for memory that is not a block of this heap. */
extern size_t malloc_usable_size(void *ptr) VMMALLOC_NOTHROW;

#ifdef __cplusplus
}
#endif

#endif /* LIBVMMALLOC_H */
