/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * page_set.h - which pages of a segment have some property.
 *
 * A bit a page, in words of 64, and above each word two bits that say whether
 * it is full or mixed; where it is neither it is empty. A full or empty word is
 * not looked at and not written, and so on above, 64 words at a time: what it
 * costs to enter or find a run does not grow with the run, and neither does the
 * memory that is touched. All zero is an empty set, so untouched memory is one.
 *
 * 1000 blocks of 1 GiB in a TiB so cost 24 MB, most of it jemalloc's radix tree
 * and pages touched for a few words each, where a bit and a byte for each page
 * made it 363; and poolkind_check() takes 2 ms of processor for a TiB, where it
 * took 300 to 10,000.
 *
 * Owns nothing: the caller has the memory, and the lock.
 */
#ifndef SOURCE_PAGE_SET_H
#define SOURCE_PAGE_SET_H

#include "base/base.h"

#define PAGE_SET_LEVELS 6 /* 64^6 pages */

struct page_set {
	size_t pages;
	unsigned levels;
	/* [0]: a bit a page. Above: a bit a word of the level below. */
	uint64_t *full[PAGE_SET_LEVELS];
	uint64_t *mixed[PAGE_SET_LEVELS]; /* [0]: none */
};

/* How much memory a set of so many pages, at least one, wants. */
size_t page_set_bytes(size_t pages);

/* An empty set in MEMORY, which is zero. */
void page_set_open(struct page_set *set, size_t pages, void *memory);

/* Puts pages FROM to END - 1 in, or takes them out. */
void page_set_fill(struct page_set *set, size_t from, size_t end, bool in);

/* The first page from FROM on, below END, that is in the set, or is not; END if
 * there is none. */
size_t page_set_find(
    const struct page_set *set, size_t from, size_t end, bool in);

/* How many of pages FROM to END - 1 are in the set. */
size_t page_set_count(const struct page_set *set, size_t from, size_t end);

/* Pages 64 * WORD to 64 * WORD + 63, a bit each. */
uint64_t page_set_word(const struct page_set *set, size_t word);

#endif /* SOURCE_PAGE_SET_H */
