/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * site_heap.h - from which heap the blocks of a call site come, remembered.
 *
 * Where rules name sites, a request asks them each time, and some hundred
 * instructions later the answer is what it was: it follows from the return
 * address and the size, if no rule asks for a thread's name and none that might
 * apply for a function on the stack. Then it is kept, by address and bin, and
 * the next request of the site takes a block out of the thread's cache of that
 * heap. Where that has none the rules are asked again: a kind that is full has
 * no blocks in caches but those that were freed, and each 128th request comes
 * there in any case.
 *
 * A word of the table holds an address, a bin and the heap's id, so readers and
 * writers agree on each by itself, as in place.h, and a library that is closed
 * is taken care of in the same way: nobody looks while one is being closed, and
 * whoever had begun to write takes it back.
 *
 * Owns the table. Called inside malloc, by any thread, in signal handlers.
 * Takes no lock, allocates nothing. What is not kept is asked for.
 */
#ifndef PRELOAD_SITE_HEAP_H
#define PRELOAD_SITE_HEAP_H

#include <stddef.h>
#include <stdint.h>

#include "rules/table.h"

/* Has answers kept, if they can follow from address and size by the table,
 * which stays for good. Once, before others are called. */
void site_heap_start(const struct rules_table *table);

/* The id of the heap for a request of SIZE bytes, at most CACHE_LARGE_MAX, that
 * returns to CALLER; NO_HEAP: ask the rules. */
unsigned site_heap_of(const void *caller, size_t size);

/* A number to be had before the rules are asked; 0: nothing is kept. */
uint64_t site_heap_before(void);

/* Keeps the answer of the rules, of which CALLER and SIZE decide. */
void site_heap_keep(
    const void *caller, size_t size, unsigned heap, uint64_t before);

/* While a library is being closed, between place_closing() and
 * place_closed(). */
void site_heap_clear(void);

#endif /* PRELOAD_SITE_HEAP_H */
