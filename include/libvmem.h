/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libvmem.h - a malloc for memory that the program chooses.
 *
 * The interface of NVML's and PMDK's libvmem, version 1.1: a pool is made in
 * a directory (a file without a name), on a DAX device, or in a region that
 * the caller mapped; blocks are allocated from it, and nothing of it outlives
 * the process. Each pool is a kind of libpoolkind: libvmem(7) has the whole.
 *
 * Rules that hold for every function:
 *
 *  - Sizes are bytes. Success leaves errno alone.
 *  - After a failure vmem_errormsg() says what went wrong, for the calling
 *    thread. A block that cannot be had sets errno alone (ENOMEM, EINVAL).
 *  - A handle is the address at which its pool begins, and may not be
 *    dereferenced. Passing what is not a live pool is answered where that is
 *    possible: NULL and EINVAL, 0, or -1 from vmem_check().
 *  - Every function may be called by any thread at any time, except that a
 *    pool is deleted when no thread uses it or its blocks any more.
 */
#ifndef LIBVMEM_H
#define LIBVMEM_H 1

#include <stddef.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A pool. Opaque: only pointers to it are ever used. */
typedef struct vmem VMEM;

/* The smallest pool: 14 MiB. */
#define VMEM_MIN_POOL ((size_t)(1024 * 1024 * 14))

/* ---- Pools --------------------------------------------------------------- */

/*
 * Makes a pool of SIZE bytes, rounded up to whole pages, in the directory DIR:
 * in a file without a name, whose space is taken now and goes back to the file
 * system when the pool is deleted or the process ends. Every byte of SIZE can
 * be allocated. DIR may be a DAX device instead: then the pool is the whole
 * device, which must have SIZE bytes or more, and no other process may use it
 * meanwhile. The handle is a multiple of 4 MiB (of 2 MiB on a device). No
 * descriptor stays open.
 *
 * Errors, each with a message: EINVAL (SIZE is below VMEM_MIN_POOL, or there is
 * no such number of pages; DIR is NULL, or a character device but no DAX
 * device, or one smaller than SIZE), what open(2) says of DIR (ENOENT, ENOTDIR,
 * EACCES, ENAMETOOLONG, EROFS, EMFILE, ENFILE), EFBIG (SIZE is beyond what a
 * file may have), ENOSPC, EDQUOT, EBUSY (the device is in use), ENOMEM (no
 * address space, or as many pools are alive as there can be, 4000).
 */
extern VMEM *vmem_create(const char *dir, size_t size);

/*
 * Makes a pool of the SIZE bytes at ADDR, which the caller has mapped readable
 * and writable and keeps so until vmem_delete(). ADDR is a multiple of the page
 * size and becomes the handle; SIZE may be any number from VMEM_MIN_POOL on,
 * of which the whole pages are used. The first page can't be touched until the
 * pool is deleted. The content need not be zero.
 *
 * A region that overlaps that of another live pool, and does not begin where
 * it does, gives a pool that serves only what is not the other's; vmem_check()
 * says 0 for both.
 *
 * Errors, each with a message: EINVAL (ADDR is not a multiple of the page size;
 * SIZE is below VMEM_MIN_POOL; ADDR is NULL; a live pool begins there), ENOMEM
 * (as many pools are alive as there can be).
 */
extern VMEM *vmem_create_in_region(void *addr, size_t size);

/* Deletes the pool with all its blocks. A region stays mapped, its content
 * undefined. Errors, with a message: EINVAL (VMP is not a live pool). */
extern void vmem_delete(VMEM *vmp);

/*
 * Compares what is known of the pool with itself: 1 when all is as it should
 * be; 0 when it is not, or when the pool's region overlaps another's; -1 when
 * VMP is not a live pool. The message then names what was found.
 */
extern int vmem_check(VMEM *vmp);

/*
 * Writes statistics of the pool as text, through the print function of
 * vmem_set_funcs(), else to the file that VMEM_LOG_FILE names, else to stderr.
 * OPTS is NULL, or letters that leave parts out: g general information, m what
 * is merged of all arenas, a each arena, b each size of small blocks, l each
 * size of large blocks. Other letters mean nothing.
 */
extern void vmem_stats_print(VMEM *vmp, const char *opts);

/* ---- Blocks -------------------------------------------------------------- */

/* At least SIZE bytes (a SIZE of 0 is one of 1), content undefined, aligned to
 * 16 bytes, below 16 to 8. NULL with ENOMEM when the pool has no room. */
extern void *vmem_malloc(VMEM *vmp, size_t size) __attribute__((malloc));

/* Frees PTR; NULL is a no-op. A block of another pool goes home to that one;
 * the debug library reports it. */
extern void vmem_free(VMEM *vmp, void *ptr);

/* A zeroed block for NMEMB objects of SIZE bytes. NULL with ENOMEM, also when
 * the product overflows. */
extern void *vmem_calloc(VMEM *vmp, size_t nmemb, size_t size)
    __attribute__((malloc));

/* The block PTR in SIZE bytes, its content kept up to the smaller of both
 * sizes. PTR NULL is vmem_malloc(), SIZE 0 frees and gives NULL. NULL with
 * ENOMEM leaves PTR as it was. */
extern void *vmem_realloc(VMEM *vmp, void *ptr, size_t size);

/* A block aligned to ALIGNMENT, any power of two. NULL with EINVAL (ALIGNMENT
 * is not a power of two) or ENOMEM. */
extern void *vmem_aligned_alloc(VMEM *vmp, size_t alignment, size_t size)
    __attribute__((malloc));

/* A copy of the string S in the pool. NULL with ENOMEM. */
extern char *vmem_strdup(VMEM *vmp, const char *s) __attribute__((malloc));

/* A copy of the wide string S in the pool. NULL with ENOMEM. Since 1.1. */
extern wchar_t *vmem_wcsdup(VMEM *vmp, const wchar_t *s)
    __attribute__((malloc));

/* The bytes that may be used at PTR: at least what was asked for; 0 for NULL
 * and for what is not a block. */
extern size_t vmem_malloc_usable_size(VMEM *vmp, void *ptr);

/* ---- The library --------------------------------------------------------- */

/* The version of this interface that a program was compiled with. */
#define VMEM_MAJOR_VERSION 1
#define VMEM_MINOR_VERSION 1

/* NULL when the library serves a program that was compiled with this version,
 * else a message, valid as vmem_errormsg()'s is. */
extern const char *vmem_check_version(
    unsigned major_required, unsigned minor_required);

/*
 * Functions to be used instead of the library's own; NULL stands for those.
 * Each pool takes 4 to 8 KiB of state through MALLOC_FUNC when its first block
 * is wanted, and gives it back through the FREE_FUNC set at that time when it
 * is deleted; where MALLOC_FUNC gives NULL, so does the pool. Both are used
 * when both are set. REALLOC_FUNC and STRDUP_FUNC are not called by this
 * version. PRINT_FUNC gets what vmem_stats_print() and the debug library
 * write. None of them may call this library.
 */
extern void vmem_set_funcs(void *(*malloc_func)(size_t size),
    void (*free_func)(void *ptr), void *(*realloc_func)(void *ptr, size_t size),
    char *(*strdup_func)(const char *s), void (*print_func)(const char *s));

/* The calling thread's last error as one line; "" before the first. Valid
 * until the thread's next call of this library. */
extern const char *vmem_errormsg(void);

#ifdef __cplusplus
}
#endif

#endif /* LIBVMEM_H */
