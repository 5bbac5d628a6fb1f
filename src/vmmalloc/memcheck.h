/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memcheck.h - blocks as valgrind's memcheck is to see them.
 *
 * Under memcheck no thread has a cache, so every call takes the slow path, and
 * there comes by here; without it nothing costs anything. A block then has a
 * few bytes behind it that nobody may touch. The last of them keep the size
 * that memcheck was told.
 *
 * Owns one flag, set at the start. Takes no lock.
 */
#ifndef VMMALLOC_MEMCHECK_H
#define VMMALLOC_MEMCHECK_H

#include "vmmalloc/request.h"

#ifdef HAVE_VALGRIND
extern bool memcheck_on;

/* Looks whether memcheck runs this process, before jemalloc is used. */
void memcheck_open(void);

/* Serves a request of the thread of TSD, and tells memcheck of the block. */
void *memcheck_allocate(
    tsd_t *tsd, const struct request *request, int saved_errno);

/* Tells memcheck that the block is free. */
void memcheck_free(void *ptr);

/* What lies between these two may read what no program should. */
void memcheck_look_away(void);
void memcheck_look_again(void);

/* Bytes of a block that are its owner's, of BYTES that jemalloc gave it. */
size_t memcheck_usable(const void *ptr, size_t bytes);
#else
#define memcheck_on false
#define memcheck_open() ((void)0)
#define memcheck_allocate(tsd, request, saved_errno) ((void *)NULL)
#define memcheck_free(ptr) ((void)0)
#define memcheck_look_away() ((void)0)
#define memcheck_look_again() ((void)0)
#define memcheck_usable(ptr, bytes) (bytes)
#endif

#endif /* VMMALLOC_MEMCHECK_H */
