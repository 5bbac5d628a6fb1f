/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scope.h - poolkind_enter(3) and its relatives, for this malloc.
 *
 * Owns the scopes of each thread, variables of the thread, which it leaves when
 * it ends, by the destructor of a key (pthread_key_create(3)). Takes no lock.
 * In a scope the thread's route is one that leads to the scope's kind; heap.c
 * asks for the kind where that does not do.
 */
#ifndef PRELOAD_SCOPE_H
#define PRELOAD_SCOPE_H

#include "poolkind.h"

/* Offers scopes to libpoolkind. */
void scope_start(void);

/* The kind of the innermost scope of the thread; NULL in none. */
poolkind *scope_kind(void);

/* Notes a block that the scope's thread allocated inside, from the stack of
 * DEPTH FRAMES. */
void scope_watch(
    const void *block, size_t size, void *const *frames, unsigned depth);

#endif /* PRELOAD_SCOPE_H */
