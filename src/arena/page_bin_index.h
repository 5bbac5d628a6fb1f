/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * page_bin_index.h - from the page that a block begins in to the bin that takes
 * it.
 *
 * A segment has a byte for each of its pages, which is the number of a bin. It
 * is written here when an arena hands a block out, and cleared by the source
 * when the page comes back. So who frees a block reads one byte, where its size
 * would have to be looked up in the radix tree: 38 instructions with the
 * program's call, against 61 with the look-up and 39 of jemalloc's own free.
 *
 * The byte tells of a page, not of where in it a block begins. So each bin has
 * the low bits that are set in the address of none of its blocks, and takes
 * nothing that has one of them: two of the 38 instructions. Large blocks begin
 * with a page, and of one the first page alone has an entry; blocks of a slab
 * are apart by their size, whose factor of two they share. So no pointer into a
 * large block gets into a bin, and of those into a small one only such as are a
 * multiple of that factor off, which for a size that is a power of two are
 * other blocks.
 *
 * Owns nothing: the bytes are the source's. Without a lock: who has a block
 * writes the byte of its page, and threads with blocks in one page, which are
 * of one slab, write the same. Cannot fail.
 */
#ifndef ARENA_PAGE_BIN_INDEX_H
#define ARENA_PAGE_BIN_INDEX_H

#include "arena/structures.h"

/* Enters a block of USABLE bytes as one of the bin, in PAGE_BINS if it lies
 * there. Returns the index that it lies in, for the next of the same
 * segment. */
struct source_marks page_bin_enter(
    struct source_marks page_bins, void *ptr, size_t usable, unsigned number);

/* The same for one block, of the bin of its size. */
void page_bin_enter_one(void *ptr, size_t usable);

#endif /* ARENA_PAGE_BIN_INDEX_H */
