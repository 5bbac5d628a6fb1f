/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * facade.h - what the facades call beyond poolkind.h: libraries of this project
 * that speak another interface, of the same version as libpoolkind.
 *
 * Exported under the version POOLKIND_PRIVATE, which promises nothing to
 * anybody else. Owns nothing; the rules are those of poolkind.h.
 */
#ifndef KIND_FACADE_H
#define KIND_FACADE_H

#include "poolkind.h"
#include "spec/spec.h"

/* Opens the kind that SPEC describes, also what no text can say; REGION is the
 * memory of a SPEC_REGION, of any content. NULL with errno and a sentence. */
poolkind *poolkind_open_spec(const struct spec *spec, void *region);

/* The address at which the kind's memory begins: its handle's page, if its spec
 * has one. NULL for a region of which all belongs to others. */
void *poolkind_base(const poolkind *kind);

/* Writes statistics in the form of jemalloc's. OMIT: as in arena/heap.h. */
void poolkind_print(poolkind *kind, unsigned omit,
    void (*write)(void *to, const char *text), void *to);

#endif /* KIND_FACADE_H */
