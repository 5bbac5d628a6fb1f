/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * legacy.h - functions that memkind showed without declaring them.
 *
 * The first four are used by programs (nodemask.c). The others are there since
 * programs are linked "-z now", and one that names any of them would not start:
 * legacy.c.
 */
#ifndef MEMKIND_LEGACY_H
#define MEMKIND_LEGACY_H

#include "memkind.h"

int memkind_hbw_all_get_mbind_nodemask(
    memkind_t kind, unsigned long *nodemask, unsigned long maxnode);
int memkind_regular_all_get_mbind_nodemask(
    memkind_t kind, unsigned long *nodemask, unsigned long maxnode);
int memkind_dax_kmem_all_get_mbind_nodemask(
    memkind_t kind, unsigned long *nodemask, unsigned long maxnode);
int memkind_thread_get_arena(memkind_t kind, unsigned int *arena, size_t flags);

#endif /* MEMKIND_LEGACY_H */
