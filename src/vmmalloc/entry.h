/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entry.h - under which names entry.c defines its functions.
 *
 * The C library's, unless VMMALLOC_PREFIX is defined: then malloc becomes
 * VMMALLOC_PREFIXmalloc and so on, for programs whose malloc belongs to
 * somebody else, as a sanitizer.
 */
#ifndef VMMALLOC_ENTRY_H
#define VMMALLOC_ENTRY_H

#include <stddef.h>

#define EXPORT __attribute__((visibility("default")))

#ifdef VMMALLOC_PREFIX
#define ENTRY_PASTE(prefix, name) prefix##name
#define ENTRY_EXPAND(prefix, name) ENTRY_PASTE(prefix, name)
#define ENTRY(name) ENTRY_EXPAND(VMMALLOC_PREFIX, name)

void *ENTRY(malloc)(size_t size);
void *ENTRY(calloc)(size_t number, size_t size);
void *ENTRY(realloc)(void *ptr, size_t size);
void ENTRY(free)(void *ptr);
void ENTRY(cfree)(void *ptr);
int ENTRY(posix_memalign)(void **memptr, size_t alignment, size_t size);
void *ENTRY(memalign)(size_t boundary, size_t size);
void *ENTRY(aligned_alloc)(size_t alignment, size_t size);
void *ENTRY(valloc)(size_t size);
void *ENTRY(pvalloc)(size_t size);
size_t ENTRY(malloc_usable_size)(void *ptr);
#else
#define ENTRY(name) name
#endif

#endif /* VMMALLOC_ENTRY_H */
