/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hbwmalloc.h - a malloc for high bandwidth memory.
 *
 * The interface of memkind's hbwmalloc. The policy of the process says which
 * nodes blocks come from; it is chosen once, by hbw_set_policy() or by the
 * first allocation. hbwmalloc(3) has the whole.
 *
 * Rules that hold for every function:
 *
 *  - Sizes are bytes. Blocks are aligned to 16 bytes, those of 8 bytes or less
 *    to 8.
 *  - Errors are numbers of <errno.h>, which the functions that return int give
 *    back. A block that cannot be had is NULL with ENOMEM in errno.
 *  - A request for 0 bytes is NULL, and errno is left alone.
 *  - A block is the caller's until hbw_free(); free(3) may not have it.
 *  - Every function may be called by any thread at any time.
 */
#ifndef HBWMALLOC_H
#define HBWMALLOC_H

#include <stdlib.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where blocks come from. */
typedef enum {
	/* The closest nodes of high bandwidth; NULL when they are full. */
	HBW_POLICY_BIND = 1,
	/* The closest node of high bandwidth; any other when it is full, or
	 * when there is none. The default. */
	HBW_POLICY_PREFERRED = 2,
	/* Page by page over all nodes of high bandwidth. */
	HBW_POLICY_INTERLEAVE = 3,
	/* Any node of high bandwidth; NULL when they are full. */
	HBW_POLICY_BIND_ALL = 4
} hbw_policy_t;

/* The pages of hbw_posix_memalign_psize(). */
typedef enum {
	/* Those of 4 KiB, which the system may gather to huge ones. */
	HBW_PAGESIZE_4KB = 1,
	/* Huge pages of 2 MiB. */
	HBW_PAGESIZE_2MB = 2,
	/* Deprecated: huge pages, and a size that is a multiple of 1 GiB. */
	HBW_PAGESIZE_1GB_STRICT = 3,
	/* Deprecated: huge pages. */
	HBW_PAGESIZE_1GB = 4
} hbw_pagesize_t;

/* Flags of hbw_verify_memory_region(). */
enum {
	/* Reads and writes back the first byte of each page before. */
	HBW_TOUCH_PAGES = (1 << 0)
};

/* 0 when the machine has high bandwidth memory, else ENODEV. */
int hbw_check_available(void);

/* The policy in force: HBW_POLICY_PREFERRED, if nothing else was set. */
hbw_policy_t hbw_get_policy(void);

/*
 * Sets the policy, before the first allocation; setting what is in force is
 * success at any time.
 *
 * Errors: EINVAL (MODE is not a policy), EPERM (another one is in force).
 */
int hbw_set_policy(hbw_policy_t mode);

/*
 * Whether each page that the SIZE bytes at ADDR touch lies in high bandwidth
 * memory: 0 when they do; -1 when one does not, or has no memory yet. FLAGS is
 * 0 or HBW_TOUCH_PAGES. Costs a system call for each batch of pages.
 *
 * Errors: EINVAL (ADDR is NULL, SIZE is 0, FLAGS has other bits), EFAULT (the
 * system cannot say where they are).
 */
int hbw_verify_memory_region(void *addr, size_t size, int flags);

/* At least SIZE bytes, content undefined. NULL with ENOMEM. */
void *hbw_malloc(size_t size);

/* A zeroed block for NMEMB objects of SIZE bytes. NULL with ENOMEM, also when
 * the product overflows. */
void *hbw_calloc(size_t nmemb, size_t size);

/*
 * The block PTR in SIZE bytes, its content kept up to the smaller of both
 * sizes; in the memory of the policy, wherever it was before. PTR NULL is
 * hbw_malloc(), SIZE 0 frees and gives NULL. NULL with ENOMEM leaves PTR as it
 * was. Not for blocks of hbw_posix_memalign_psize().
 */
void *hbw_realloc(void *ptr, size_t size);

/* Frees PTR; NULL is a no-op. */
void hbw_free(void *ptr);

/* The bytes that may be used at PTR: at least what was asked for; 0 for
 * NULL. */
size_t hbw_malloc_usable_size(void *ptr);

/*
 * Puts a block of SIZE bytes into *MEMPTR whose address is a multiple of
 * ALIGNMENT. A SIZE of 0 is success with NULL.
 *
 * Errors: EINVAL (ALIGNMENT is not a power of two, or below sizeof(void *)),
 * ENOMEM.
 */
int hbw_posix_memalign(void **memptr, size_t alignment, size_t size);

/*
 * The same, in pages of PAGESIZE.
 *
 * Errors: EINVAL also when PAGESIZE is none, is not the ordinary one while the
 * policy is HBW_POLICY_INTERLEAVE, or is HBW_PAGESIZE_1GB_STRICT and SIZE is no
 * multiple of 1 GiB.
 */
int hbw_posix_memalign_psize(
    void **memptr, size_t alignment, size_t size, hbw_pagesize_t pagesize);

#ifdef __cplusplus
}
#endif

#endif /* HBWMALLOC_H */
