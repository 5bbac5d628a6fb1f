/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * life.h - a kind from nothing to the list of all, and back.
 *
 * Called when a kind is opened or closed, with no lock but valgrind's held.
 */
#ifndef KIND_LIFE_H
#define KIND_LIFE_H

#include "kind/kind.h"
#include "kind/locality.h"

/* A kind as SPEC describes it: on the caller's REGION if it is one, on the
 * nodes of LOCALITIES unless that is NULL, with NEXT behind it in a chain
 * unless that is NULL. NULL with errno and a sentence, and then NEXT is still
 * the caller's. */
poolkind *kind_new(const struct spec *spec, void *region,
    const struct localities *localities, struct kind *next);

/* Ends a kind that is not in the list any more, and the links of its chain. */
void kind_end(struct kind *kind);

#endif /* KIND_LIFE_H */
