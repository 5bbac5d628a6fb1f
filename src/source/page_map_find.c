/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * page_map_find.c - where a page map has room. See page_map.h.
 *
 * The search is address-ordered first fit: it keeps a pool dense at its low
 * end and leaves its high end to be given back. It fails by finding nothing.
 *
 * A search visits nodes from the left to the right. When it comes to a node,
 * CARRY says how many free pages, at FROM or behind it, lie directly in front
 * of that node's first page. So a run that reaches over the border of two
 * nodes is seen when the second is visited: it has CARRY + HEAD pages. If that
 * is enough, it is the answer, and the lowest one: any run further left was
 * seen by then and was too short, any other in this node begins further right.
 *
 * Else, if the longest run in the node is too short, only the run at its end
 * can still become long enough; it becomes the carry, and the node is passed
 * over. If the longest run is long enough, the search goes down and finds it,
 * or one at a border further left. So it goes down at most twice, once to where
 * FROM is, once to where the run is, and looks at 8 nodes a level and the 512
 * bits of a chunk each time.
 */
#include "source/page_summary.h"

struct search {
	const struct page_map *map;
	size_t count; /* free pages in a row that are wanted */
	size_t from;  /* the first page that may be part of it */
	size_t carry; /* free pages that end where the search now stands */
};

/* Searches the bits of a chunk, from FROM on. */
static size_t
search_chunk(struct search *search, size_t chunk)
{
	const struct page_set *used = &search->map->used;
	size_t at = max_size(chunk << CHUNK_SHIFT, search->from);
	size_t end = (chunk + 1) << CHUNK_SHIFT;

	while (at < end) {
		size_t stop = page_set_find(used, at, end, true);

		if (search->carry + (stop - at) >= search->count)
			return at - search->carry;
		search->carry = stop == end ? search->carry + (stop - at) : 0;
		at = page_set_find(used, stop, end, false);
	}
	return PAGE_MAP_NONE;
}

/* The search begins in the midst of a uniform node: what is below is stale, and
 * not needed, since the part from FROM on is free or used like the rest. */
static size_t
search_end(struct search *search, unsigned level, size_t node)
{
	size_t end = (node + 1) << node_shift(level);

	search->carry = is_all_free(search->map->level[level][node]) ?
	    end - search->from :
	    0;
	return search->carry >= search->count ? search->from : PAGE_MAP_NONE;
}

/* The first page of the run, if it is known when this node has been visited.
 * Nodes that do not exist, to the right of the last, and those that end in
 * front of FROM have nothing to carry on. */
static size_t
search_node(struct search *search, unsigned level, size_t node)
{
	const struct page_map *map = search->map;
	size_t span = node_pages(level), base = node << node_shift(level);

	if (node >= map->nodes[level] || base + span <= search->from) {
		search->carry = 0;
		return PAGE_MAP_NONE;
	}
	if (base < search->from && is_uniform(map->level[level][node], level))
		return search_end(search, level, node);
	if (base >= search->from) {
		struct page_run run = run_invert(map->level[level][node], span);

		if (search->carry + run.head >= search->count)
			return base - search->carry;
		if (run.best < search->count) {
			search->carry = run.head == span ?
			    search->carry + span :
			    run.tail;
			return PAGE_MAP_NONE;
		}
	}
	if (level == 0)
		return search_chunk(search, node);
	for (size_t i = 0; i < FANOUT; i++) {
		size_t page = search_node(search, level - 1, node * FANOUT + i);

		if (page != PAGE_MAP_NONE)
			return page;
	}
	return PAGE_MAP_NONE;
}

/* The lowest run of COUNT free pages at or behind FROM. */
static size_t
find_run(const struct page_map *map, size_t count, size_t from)
{
	struct search search = { map, count, from, 0 };

	return search_node(&search, map->levels - 1, 0);
}

/*
 * The summaries know lengths, not alignments. So first a run is looked for that
 * has room for the alignment wherever it begins, which one search finds; it may
 * not be the lowest. Only where there is none each shorter run of COUNT pages
 * and more is tried: in a full pool, where the alternative is NULL.
 */
size_t
page_map_find(
    const struct page_map *map, size_t count, size_t alignment, size_t first)
{
	size_t page, aligned;

	if (count > map->pages)
		return PAGE_MAP_NONE;
	page = find_run(map, count + alignment - 1, 0);
	if (page != PAGE_MAP_NONE)
		return align_up(page + first, alignment) - first;
	if (alignment == 1)
		return PAGE_MAP_NONE;
	for (page = find_run(map, count, 0); page != PAGE_MAP_NONE;
	     page = find_run(map, count, page)) {
		aligned = align_up(page + first, alignment) - first;
		if (page_map_is_free(map, aligned, count))
			return aligned;
		page = page_set_find(&map->used, aligned, map->pages, true);
		if (page == map->pages)
			break;
	}
	return PAGE_MAP_NONE;
}

bool
page_map_is_free(const struct page_map *map, size_t from, size_t count)
{
	return from <= map->pages && count <= map->pages - from &&
	    page_set_find(&map->used, from, from + count, true) == from + count;
}
