/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * door.h - what a library that stands in the place of malloc gives entry.c:
 * blocks of the kinds that it chooses.
 *
 * Each library has a heap.c with these functions, and a door.h of its own,
 * which entry.c includes. That is compiled once for each library, so that its
 * fast path has the library's choice inline: from which of the thread's caches
 * a block comes, and where one goes, without a call. Called by any thread,
 * before the library's constructor and after the last destructor, too; but as
 * with the C library's malloc not in the handler of a signal that interrupted
 * one of these functions: what lies behind takes locks. Where a function fails,
 * errno says why; where it does not, errno stays.
 */
#ifndef INTERPOSE_DOOR_H
#define INTERPOSE_DOOR_H

#include "arena/cache.h"
#include "poolkind.h"

/* SIZE is at least 1, ALIGNMENT a power of two. */
void *door_malloc(size_t size);
void *door_calloc(size_t size);
void *door_memalign(size_t alignment, size_t size);

/* Brings the block PTR to SIZE bytes, in place or in another place, or leaves
 * it and gives NULL. False if PTR is not a block of any kind. */
bool door_realloc(void *ptr, size_t size, void **resized);

/* False, and nothing is done, when PTR is not a block of any kind. */
bool door_free(void *ptr);

/* What the owner of the block PTR may use of it; 0 if it is not a block. */
size_t door_usable_size(const void *ptr);

/* The kinds that blocks come from, numbered from 0 on; NULL if there are not so
 * many. */
poolkind *door_kind(unsigned number);

/*
 * In the door.h of each library, the functions always inline, as they stand
 * in the fast path of several functions:
 *
 * void *door_take(size_t size): a block out of a cache of the thread's, for a
 *     SIZE that may be 0; NULL when heap.c is to serve the call.
 * void *door_take_as(size_t size, size_t bytes): the same, of BYTES, which are
 *     not less, from where a block of SIZE would come. Neither is above
 *     CACHE_SIZE_MAX.
 * bool door_give(void *ptr): puts a block back there; false when heap.c is to
 *     free it. PTR may be anything, NULL too.
 * DOOR_ANY_ALIGNMENT: whether posix_memalign() takes alignments below that of a
 *     pointer.
 * DOOR_TRACE(...): writes a trace line of a call.
 * DOOR_ALOUD: whether entry.c announces blocks to valgrind, in the name of
 *     malloc and its relatives. That is for a library whose every block comes
 *     through entry.c; where blocks are also had from kinds directly, the
 *     engine does it for all.
 * DOOR_CALLED(): notes where the program called, for a heap.c that wants to
 *     know; in the body of the function that was called, behind the quick path.
 */

#endif /* INTERPOSE_DOOR_H */
