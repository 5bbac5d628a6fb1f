/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * page_map.h - which pages of a segment are handed out.
 *
 * Owns a set of pages and a tree of summaries over it, in pages of its own that
 * are touched as the segment is used: setting one up costs the same for 1 MiB
 * and for 1 TiB, and so do spans of any size. Free runs coalesce by themselves,
 * taking and giving back never allocates, so giving back cannot fail.
 *
 * Called under the source's lock.
 */
#ifndef SOURCE_PAGE_MAP_H
#define SOURCE_PAGE_MAP_H

#include "base/base.h"
#include "source/page_set.h"

#define PAGE_MAP_NONE SIZE_MAX
#define PAGE_MAP_LEVELS 8
#define PAGE_MAP_MAX ((size_t)1 << 30) /* pages: 512 * 8^7, or 4 TiB */

/* The free runs under one node, each stored as the node's size less its length:
 * all zero says that everything is free, so untouched memory is a valid tree.
 * Below a node that is all free or all used, nodes are stale. */
struct page_run {
	uint32_t head; /* the run at the low end: node's pages less its own */
	uint32_t best; /* the longest run, the same */
	uint32_t tail; /* the run at the high end, the same */
};

struct page_map {
	size_t pages;
	struct page_set used;
	struct page_run *level[PAGE_MAP_LEVELS]; /* [0]: a node a chunk */
	size_t nodes[PAGE_MAP_LEVELS];
	unsigned levels;
	size_t bytes; /* of the memory behind all of it */
};

/* Sets up a map of PAGES free pages, 1 to PAGE_MAP_MAX. Returns 0 or an error
 * number. */
int page_map_open(struct page_map *map, size_t pages);
void page_map_close(struct page_map *map);

/* A low run of COUNT free pages, the lowest where ALIGNMENT is 1, whose address
 * is a multiple of ALIGNMENT pages, counted from page FIRST (where the segment
 * begins); PAGE_MAP_NONE if there is none. */
size_t page_map_find(
    const struct page_map *map, size_t count, size_t alignment, size_t first);

/* Whether pages FROM to FROM + COUNT - 1 exist and are free. */
bool page_map_is_free(const struct page_map *map, size_t from, size_t count);

/* Marks pages as used, or as free. */
void page_map_set(struct page_map *map, size_t from, size_t count, bool used);

/* Whether the summaries say what the set says: in pieces, of which the I-th is
 * that of pages from I * PAGE_MAP_PIECE on, and then above all pieces. */
#define PAGE_MAP_PIECE ((size_t)4096)
bool page_map_piece_is_sound(const struct page_map *map, size_t i);
bool page_map_top_is_sound(const struct page_map *map);

#endif /* SOURCE_PAGE_MAP_H */
