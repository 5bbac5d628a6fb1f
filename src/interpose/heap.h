/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * heap.h - what a library for LD_PRELOAD gives entry.c: blocks of the kinds
 * that it chooses.
 *
 * Each library has its own heap.c. Called by any thread at any time: before the
 * library's constructor, in signal handlers, after the last destructor. Whoever
 * looks at the machine for a kind (hwloc, libnuma, libdaxctl, the dynamic
 * linker) calls malloc, which comes back here; so a thread that asks for a kind
 * other than MEMKIND_DEFAULT raises heap_inside, and while it is up everything
 * comes from MEMKIND_DEFAULT, which asks nobody. Takes no lock.
 */
#ifndef INTERPOSE_HEAP_H
#define INTERPOSE_HEAP_H

#include <stdbool.h>
#include <stddef.h>

#include "memkind.h"

extern _Thread_local bool heap_inside
    __attribute__((tls_model("initial-exec"), visibility("hidden")));

/* SIZE is at least 1, ALIGNMENT a power of two that posix_memalign(3) takes,
 * KIND that of the live block. NULL, or ENOMEM, with errno set. */
void *heap_malloc(size_t size);
void *heap_calloc(size_t size);
int heap_memalign(void **block, size_t alignment, size_t size);
void *heap_realloc(memkind_t kind, void *block, size_t size);

/* False, and nothing is done, when PTR is no block of any kind. */
bool heap_free(void *ptr);

#endif /* INTERPOSE_HEAP_H */
