/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool.h - the memory that the process's heap lies in.
 *
 * Owns the one source of the shim, opened by the constructor and never closed:
 * the heap lives as long as the process. Called by the constructor, by
 * arenas.c for its source and by the report. Takes no lock of its own.
 */
#ifndef VMMALLOC_POOL_H
#define VMMALLOC_POOL_H

#include "source/source.h"
#include "vmmalloc/settings.h"

/* Opens the pool that SETTINGS describe; ends the process when it cannot. */
void pool_open(const struct settings *settings);

/* The most bytes that the pool can ever hold; 0 when it has no end. */
size_t pool_end(void);

/* NULL before pool_open(). */
extern struct source *pool_source;

/* What the pool was opened from; its text for people. */
extern struct spec pool_spec;

#endif /* VMMALLOC_POOL_H */
