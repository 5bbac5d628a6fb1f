/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * page_map_check.c - whether the summaries of a page map say what its set says.
 * See page_map.h.
 *
 * Owns nothing. Called by check.c, with the source's lock for a piece at a
 * time. Cannot fail.
 */
#include "source/page_summary.h"

/* The level at which a node is a piece, or the highest there is. */
static unsigned
piece_level(const struct page_map *map)
{
	unsigned level = 0;

	while (node_pages(level) < PAGE_MAP_PIECE && level + 1 < map->levels)
		level++;
	return level;
}

static bool
node_is_right(const struct page_map *map, unsigned level, size_t node)
{
	struct page_run is = map->level[level][node];
	struct page_run must = page_run_compute(map, level, node);

	return is.head == must.head && is.best == must.best &&
	    is.tail == must.tail;
}

/* Whether a node, all free or all used, is what the set says. */
static bool
uniform_is_right(const struct page_map *map, unsigned level, size_t node)
{
	size_t from = node << node_shift(level);
	size_t end = min_size(from + node_pages(level), map->used.pages);
	bool free = is_all_free(map->level[level][node]);

	return page_set_find(&map->used, from, end, free) == end;
}

/* Whether a node and all below it, down to level LAST, are right. */
static bool
is_sound_below(
    const struct page_map *map, unsigned level, size_t node, unsigned last)
{
	struct page_run run = map->level[level][node];
	size_t first = node * FANOUT;

	if (is_uniform(run, level))
		return uniform_is_right(map, level, node);
	for (size_t i = first; level > last &&
	     i < min_size(first + FANOUT, map->nodes[level - 1]);
	     i++)
		if (!is_sound_below(map, level - 1, i, last))
			return false;
	return node_is_right(map, level, node);
}

/* Where a node above the piece is uniform, what is stored for the piece itself
 * is stale, and right whatever it is: the check of the top holds such a node
 * against the set. */
bool
page_map_piece_is_sound(const struct page_map *map, size_t i)
{
	unsigned level = piece_level(map);

	for (unsigned above = map->levels - 1; above > level; above--) {
		struct page_run run =
		    map->level[above][i >> ((above - level) * FANOUT_SHIFT)];

		if (is_uniform(run, above))
			return true;
	}
	return is_sound_below(map, level, i, 0);
}

bool
page_map_top_is_sound(const struct page_map *map)
{
	return is_sound_below(map, map->levels - 1, 0, piece_level(map));
}
