/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * heap.h - the shim's jemalloc, seen from inside.
 *
 * Its fast paths are inline functions of its internal headers; compiled into
 * our malloc and free they cost what they cost in jemalloc. Internal headers
 * hold for one release only, hence the check. To be included first: they want
 * to see the system's headers before anybody else does.
 */
#ifndef VMMALLOC_HEAP_H
#define VMMALLOC_HEAP_H

#include <jemalloc/internal/jemalloc_preamble.h>
#include <jemalloc/internal/jemalloc_internal_includes.h>

#if JEMALLOC_VERSION_MAJOR != 5 || JEMALLOC_VERSION_MINOR != 3 || \
    JEMALLOC_VERSION_BUGFIX != 1
#error "The shim is written for the inside of jemalloc 5.3.1 alone."
#endif

_Static_assert(PAGE == 4096, "a page of jemalloc is a page of a source");

#undef ARRAY_SIZE /* base.h has one, too */

#endif /* VMMALLOC_HEAP_H */
