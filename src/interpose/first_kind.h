/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * first_kind.h - the kind of ordinary memory that serves a library in malloc's
 * place before all else, opened by the first request.
 *
 * Owns nothing: each library keeps its kind. Called by any thread, before the
 * library's constructor, too. Takes no lock.
 */
#ifndef INTERPOSE_FIRST_KIND_H
#define INTERPOSE_FIRST_KIND_H

#include <stdatomic.h>

#include "kind/facade.h"

/*
 * Opens the kind that SPEC describes and enters it in *KIND, or returns the one
 * that another thread has entered meanwhile. NULL without memory, and to a
 * request that comes out of this: PREPARE, called first, and opening a kind
 * register fork handlers, and pthread_atfork(3) may allocate, while the engine
 * cannot be entered for another kind.
 *
 * Threads that are here at the same time each open a kind. The first to enter
 * its own wins, and the others close theirs, in which nothing was allocated. A
 * lock in its place would be one more that a fork has to take.
 */
poolkind *first_kind(
    poolkind *_Atomic *kind, const struct spec *spec, void (*prepare)(void));

#endif /* INTERPOSE_FIRST_KIND_H */
