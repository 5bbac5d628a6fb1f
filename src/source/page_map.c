/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * page_map.c - which pages of a segment are handed out. See page_map.h.
 *
 * Above the bits, one a page, stands a tree of summaries. A node of level L
 * speaks for 512 * 8^L pages, and says how long the free run at its low end is
 * (head), the longest one in it (best), and the one at its high end (tail).
 * From eight children their parent follows, as runs join where one ends and the
 * next begins:
 *
 *   level 1                     head 3, best 6, tail 2
 *                              /                      \
 *   level 0      head 3, best 4, tail 4     head 2, best 2, tail 2
 *                . . . # # . . . .          . . # # # # # . .
 *                      (# used, . free; nodes of 9 pages, two children)
 *
 * A search (page_map_find.c) goes down to the first child in which the run
 * fits, or at whose border it fits, and so visits a handful of nodes.
 *
 * What is stored is the inverse: by how many pages each of the three falls
 * short of the node's whole, above 6, 5 and 5 in the node on the left, and
 * three times 0 where everything is free. So memory that was never touched is
 * the tree of a segment that is all free, setting one up writes nothing but the
 * last node of each level, and only nodes above pages that are used get memory.
 *
 * A node that is all free or all used (uniform) speaks for all below it, and
 * what is stored there is stale: to enter a run of 1 GiB writes a few nodes at
 * its ends, and one for each of the largest nodes within it. When a part of a
 * uniform node changes, its children are written first (revive()).
 *
 * Nothing here allocates once a map is open, and nothing but opening can fail.
 * The lock is the caller's.
 */
#include "source/page_map.h"

#include "os/os.h"
#include "source/page_summary.h"

/*
 * Appends a part of SPAN pages, of which RUN (counted as free pages here)
 * tells, to the whole AT, of *TOTAL pages so far. A run that ends the whole and
 * one that begins the part are one run; the head grows only while all so far is
 * free, and the tail is the part's own unless all of the part is free.
 */
static void
run_append(struct page_run *at, size_t *total, struct page_run run, size_t span)
{
	uint32_t joined = at->tail + run.head;

	if (at->head == *total)
		at->head += run.head;
	if (joined > at->best)
		at->best = joined;
	if (run.best > at->best)
		at->best = run.best;
	at->tail = run.tail == span ? at->tail + run.tail : run.tail;
	*total += span;
}

/* The free runs within one word of 64 pages, whose set bits are used ones: both
 * ends by counting zeroes, the longest by going from one free run to the
 * next. */
static struct page_run
run_of_word(uint64_t used)
{
	struct page_run run = { 64, 64, 64 };

	if (used == 0)
		return run;
	run.head = (uint32_t)__builtin_ctzll(used);
	run.tail = (uint32_t)__builtin_clzll(used);
	run.best = run.head > run.tail ? run.head : run.tail;
	for (uint64_t holes = ~used; holes != 0;) {
		unsigned low = (unsigned)__builtin_ctzll(holes);
		uint64_t rest = ~(holes >> low);
		unsigned length = rest == 0 ? 64 - low :
					      (unsigned)__builtin_ctzll(rest);

		if (length > run.best)
			run.best = length;
		if (low + length >= 64)
			break;
		holes &= ~(uint64_t)0 << (low + length);
	}
	return run;
}

static struct page_run
run_of_chunk(const struct page_map *map, size_t chunk)
{
	size_t word = chunk * (CHUNK_PAGES / 64);
	struct page_run run = { 0, 0, 0 };
	size_t total = 0;

	for (size_t i = 0; i < CHUNK_PAGES / 64; i++)
		run_append(&run, &total,
		    run_of_word(page_set_word(&map->used, word + i)), 64);
	return run_invert(run, CHUNK_PAGES);
}

/* A node from its children; those that do not exist are in use. */
static struct page_run
run_of_children(const struct page_map *map, unsigned level, size_t node)
{
	size_t span = node_pages(level - 1);
	struct page_run run = { 0, 0, 0 };
	size_t total = 0;

	for (size_t i = 0; i < FANOUT; i++) {
		size_t child = node * FANOUT + i;
		struct page_run part = { 0, 0, 0 };

		if (child < map->nodes[level - 1])
			part = run_invert(map->level[level - 1][child], span);
		run_append(&run, &total, part, span);
	}
	return run_invert(run, node_pages(level));
}

struct page_run
page_run_compute(const struct page_map *map, unsigned level, size_t node)
{
	return level == 0 ? run_of_chunk(map, node) :
			    run_of_children(map, level, node);
}

/* What a node says where all its pages are used, or all free. */
static struct page_run
run_uniform(unsigned level, bool used)
{
	uint32_t lacking = used ? (uint32_t)node_pages(level) : 0;

	return (struct page_run){ lacking, lacking, lacking };
}

/* Makes the children of a uniform node say what it says, before a part of it
 * changes. They are uniform themselves, so what is below them may stay stale.
 */
static void
revive(struct page_map *map, unsigned level, size_t node)
{
	struct page_run run = map->level[level][node];
	bool used = is_all_used(run, level);
	size_t first = node * FANOUT;

	if (!is_uniform(run, level))
		return;
	for (size_t i = first;
	     i < min_size(first + FANOUT, map->nodes[level - 1]); i++)
		map->level[level - 1][i] = run_uniform(level - 1, used);
}

/* Brings a node up to date, pages FROM to END - 1 of which became USED. It goes
 * down only at both ends of the run: a node that the run covers is uniform, and
 * written without a look at what is below. */
static void
summarise(struct page_map *map, unsigned level, size_t node, size_t from,
    size_t end, bool used)
{
	size_t low = max_size(from, node << node_shift(level));
	size_t high = min_size(end, (node + 1) << node_shift(level));

	if (high - low == node_pages(level)) {
		map->level[level][node] = run_uniform(level, used);
		return;
	}
	if (level != 0) {
		unsigned shift = node_shift(level - 1);

		revive(map, level, node);
		for (size_t i = low >> shift; i <= (high - 1) >> shift; i++)
			summarise(map, level - 1, i, low, high, used);
	}
	map->level[level][node] = page_run_compute(map, level, node);
}

/* Lays the arrays out from address BASE on; with BASE 0 only their sizes
 * count. */
static void
lay_out(struct page_map *map, uintptr_t base)
{
	size_t nodes = (map->pages + CHUNK_PAGES - 1) >> CHUNK_SHIFT;
	uintptr_t at = base + page_set_bytes(nodes << CHUNK_SHIFT);

	for (map->levels = 1;; map->levels++) {
		map->nodes[map->levels - 1] = nodes;
		map->level[map->levels - 1] = (struct page_run *)at;
		at += align_up(nodes * sizeof(struct page_run), 64);
		if (nodes == 1)
			break;
		nodes = (nodes + FANOUT - 1) / FANOUT;
	}
	map->bytes = align_up(at - base, PAGE_BYTES);
}

/*
 * The set and all levels lie in one mapping. The number of pages is rounded up
 * to whole chunks, and those behind the end are entered as used, so that no
 * search finds them and no function asks for the end. The last node of each
 * level then is not all free, as zeroes would have it; only these are computed.
 * The bottom one comes first, as each is made from its children.
 */
int
page_map_open(struct page_map *map, size_t pages)
{
	void *memory;
	int error;

	invariant(pages != 0 && pages <= PAGE_MAP_MAX);
	map->pages = pages;
	lay_out(map, 0);
	error = os_map(map->bytes, &memory);
	if (error != 0)
		return error;
	lay_out(map, (uintptr_t)memory);
	/* Pages of the last chunk that lie behind the end are never free. */
	size_t end = map->nodes[0] << CHUNK_SHIFT;
	page_set_open(&map->used, end, memory);
	if (pages != end)
		page_set_fill(&map->used, pages, end, true);
	for (unsigned level = 0; level < map->levels; level++)
		map->level[level][map->nodes[level] - 1] = page_run_compute(
		    map, level, map->nodes[level] - 1);
	return 0;
}

void
page_map_close(struct page_map *map)
{
	os_unmap(map->used.full[0], map->bytes);
}

void
page_map_set(struct page_map *map, size_t from, size_t count, bool used)
{
	invariant(from + count <= map->pages);
	page_set_fill(&map->used, from, from + count, used);
	if (count != 0)
		summarise(map, map->levels - 1, 0, from, from + count, used);
}
