/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * state.h - what a pool has from the program's own functions.
 *
 * Owns the functions that vmem_set_funcs() sets, and what malloc_func gave for
 * each pool: room for the text that is about to be printed. Both are under the
 * registry's lock. Called by the files of vmem/. Fails where malloc_func does.
 */
#ifndef VMEM_STATE_H
#define VMEM_STATE_H

#include "vmem/registry.h"

/* The kind of any pool; makes the pool's state first, if need be. NULL with
 * EINVAL and a message, or with ENOMEM. */
poolkind *state_use(const VMEM *handle);

/* Lends the pool's state, POOL_STATE_BYTES, to one thread at a time: NULL where
 * there is none, or another thread has it. Both under the registry's lock. */
char *state_borrow(struct pool *pool);
void state_return(struct pool *pool);

#endif /* VMEM_STATE_H */
