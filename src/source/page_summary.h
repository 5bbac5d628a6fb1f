/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * page_summary.h - the tree of summaries that stands above the pages of a page
 * map: page_map.c has the picture.
 *
 * What the three files of a page map share. Owns nothing; the lock is the
 * caller's, and nothing here fails.
 */
#ifndef SOURCE_PAGE_SUMMARY_H
#define SOURCE_PAGE_SUMMARY_H

#include "source/page_map.h"

#define CHUNK_SHIFT 9 /* pages of a node of level 0, as a power of two */
#define CHUNK_PAGES ((size_t)1 << CHUNK_SHIFT)
#define FANOUT_SHIFT 3
#define FANOUT ((size_t)1 << FANOUT_SHIFT)

static inline unsigned
node_shift(unsigned level)
{
	return CHUNK_SHIFT + level * FANOUT_SHIFT;
}

static inline size_t
node_pages(unsigned level)
{
	return (size_t)1 << node_shift(level);
}

/* From what is stored of a node to the lengths of its free runs, and back: the
 * same subtraction both ways. */
static inline struct page_run
run_invert(struct page_run run, size_t span)
{
	return (struct page_run){
		(uint32_t)span - run.head,
		(uint32_t)span - run.best,
		(uint32_t)span - run.tail,
	};
}

static inline bool
is_all_free(struct page_run run)
{
	return run.best == 0;
}

static inline bool
is_all_used(struct page_run run, unsigned level)
{
	return run.best == node_pages(level);
}

static inline bool
is_uniform(struct page_run run, unsigned level)
{
	return is_all_free(run) || is_all_used(run, level);
}

/* page_map.c: what a node must say, by the set or by its children. */
struct page_run page_run_compute(
    const struct page_map *map, unsigned level, size_t node);

#endif /* SOURCE_PAGE_SUMMARY_H */
