/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sampled.h - the blocks that live of those that the probe otel_memory:alloc
 * told of, and the probe otel_memory:free, which tells that one is freed.
 *
 * No block is looked for on a quick way. One of the sample lies in pages of its
 * own that no cache serves (sampled_bytes()), so free(3) comes to its slow path
 * with it, and with few others; there sampled_live says whether to look.
 *
 * Owns a table of such blocks, mapped when there is the first. Takes no lock:
 * a block is entered before its owner has it and taken out when he frees it, so
 * no two threads are at one entry. What the table has no room for is not in it.
 */
#ifndef ARENA_SAMPLED_H
#define ARENA_SAMPLED_H

#include <stdatomic.h>

#include "base/base.h"

struct heap;

struct sampled {
	const void *ptr;
	size_t asked, weight;
	const struct heap *heap;
};

/* How many are in the table. */
extern _Atomic uint32_t sampled_live __asm__("poolkind_sampled_live")
    __attribute__((visibility("hidden")));

static inline bool
sampled_any(void)
{
	return unlikely(
	    atomic_load_explicit(&sampled_live, memory_order_relaxed) != 0);
}

/* How large a block for SIZE bytes has to be that no cache serves; without
 * regard to an alignment above a page. */
size_t sampled_bytes(size_t size);

/* False: it has no room. */
bool sampled_enter(const struct sampled *block);

/* Whether the block at PTR is of the sample. */
bool sampled_has(const void *ptr);

/* The block at PTR is freed: it is told of, if it is of the sample. */
void sampled_free(const void *ptr);

/* All blocks of the heap are. */
void sampled_free_all(const struct heap *heap);

#endif /* ARENA_SAMPLED_H */
