/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inside.h - a thread's word that it is inside a library that stands in the
 * place of malloc, on memkind's kinds.
 *
 * Whoever looks at the machine for a kind (hwloc, libnuma, libdaxctl, the
 * dynamic linker) calls malloc, which comes back there; so a thread that asks
 * for a kind other than MEMKIND_DEFAULT raises the word, and while it is up
 * everything comes from MEMKIND_DEFAULT, which asks nobody. Each library's
 * heap.c owns it.
 */
#ifndef INTERPOSE_INSIDE_H
#define INTERPOSE_INSIDE_H

#include <stdbool.h>

extern _Thread_local bool heap_inside
    __attribute__((tls_model("initial-exec"), visibility("hidden")));

#endif /* INTERPOSE_INSIDE_H */
