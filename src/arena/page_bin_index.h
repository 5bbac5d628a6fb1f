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
 * A large block that waits in a cache is in use, as far as jemalloc knows, and
 * would be taken a second time. So the byte of one above CACHE_SIZE_MAX says
 * whether the program has it: then it is LARGE_BINS more than the number of the
 * bin, and that of a bin which never has room, so that the quick path leaves
 * the block to who looks closer; and 0 while it is free. Who frees it again
 * finds that, whichever thread has it in its cache by then. Only two threads
 * that free one block at the same moment may both find that it is in use.
 *
 * While blocks are recorded some pages are watched (recording.h).
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

/* The byte of the page that PTR is in; NULL if in no segment. */
unsigned char *page_bin_of(const void *ptr);

/* Has a page watched (recording.h), if it is one of a bin up to CACHE_SIZE_MAX,
 * by its byte; or no more, as one of the bin NUMBER. */
void page_bin_watch(unsigned char *entry);
void page_bin_unwatch(unsigned char *entry, unsigned number);

/* What a block of the bin, one above CACHE_SIZE_MAX, has while the program has
 * it. */
static inline unsigned
page_bin_in_use(unsigned number)
{
	return number + LARGE_BINS;
}

static inline bool
page_bin_is_watched(const unsigned char *entry)
{
	return __atomic_load_n(entry, __ATOMIC_SEQ_CST) == BIN_WATCHED;
}

/* Has it say that the large block at PTR is free. */
static inline void
page_bin_set_free(const void *ptr)
{
	unsigned char *entry = page_bin_of(ptr);

	if (entry != NULL)
		__atomic_store_n(entry, 0, __ATOMIC_RELAXED);
}

#endif /* ARENA_PAGE_BIN_INDEX_H */
