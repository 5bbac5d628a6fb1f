/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * early.h - what is allocated before the pool exists.
 *
 * Owns a kind of ordinary memory, opened by the first such request and never
 * closed: its blocks may be freed as long as the process runs any code. Called
 * on the slow paths of malloc, by any thread at any time. Takes no lock.
 */
#ifndef VMMALLOC_EARLY_H
#define VMMALLOC_EARLY_H

#include "poolkind.h"

/* The pool, or before it exists that kind: NULL if it cannot be had. */
poolkind *pool_or_early(void);

/* That kind, or NULL: nothing was allocated before the pool existed. */
poolkind *early_kind(void);

#endif /* VMMALLOC_EARLY_H */
