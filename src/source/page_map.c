/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * page_map.c - which pages of a segment are handed out. See page_map.h.
 *
 * The search is address-ordered first fit: it keeps a pool dense at its low
 * end and leaves its high end to be given back.
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
 * A search goes down to the first child in which the run fits, or at whose
 * border it fits, and so visits a handful of nodes.
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
 * Nothing here allocates once a map is open, and nothing can fail but the
 * search, by finding nothing. The lock is the caller's.
 */
#include "source/page_map.h"

#include "os/os.h"

#define CHUNK_SHIFT 9 /* pages of a node of level 0, as a power of two */
#define CHUNK_PAGES ((size_t)1 << CHUNK_SHIFT)
#define FANOUT_SHIFT 3
#define FANOUT ((size_t)1 << FANOUT_SHIFT)

static unsigned
node_shift(unsigned level)
{
	return CHUNK_SHIFT + level * FANOUT_SHIFT;
}

static size_t
node_pages(unsigned level)
{
	return (size_t)1 << node_shift(level);
}

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

/* From what is stored of a node to the lengths of its free runs, and back: the
 * same subtraction both ways. */
static struct page_run
run_invert(struct page_run run, size_t span)
{
	return (struct page_run){
		(uint32_t)span - run.head,
		(uint32_t)span - run.best,
		(uint32_t)span - run.tail,
	};
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

static struct page_run
run_compute(const struct page_map *map, unsigned level, size_t node)
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

static bool
is_all_free(struct page_run run)
{
	return run.best == 0;
}

static bool
is_all_used(struct page_run run, unsigned level)
{
	return run.best == node_pages(level);
}

static bool
is_uniform(struct page_run run, unsigned level)
{
	return is_all_free(run) || is_all_used(run, level);
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
	map->level[level][node] = run_compute(map, level, node);
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
		map->level[level][map->nodes[level] - 1] = run_compute(
		    map, level, map->nodes[level] - 1);
	return 0;
}

void
page_map_close(struct page_map *map)
{
	os_unmap(map->used.full[0], map->bytes);
}

/*
 * ---- Search -----------------------------------------------------------------
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

struct search {
	const struct page_map *map;
	size_t count; /* free pages in a row that are wanted */
	size_t from;  /* the first page that may be part of it */
	size_t carry; /* free pages that end where the search now stands */
};

/* The same within the bits of a chunk, from FROM on. */
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

void
page_map_set(struct page_map *map, size_t from, size_t count, bool used)
{
	invariant(from + count <= map->pages);
	page_set_fill(&map->used, from, from + count, used);
	if (count != 0)
		summarise(map, map->levels - 1, 0, from, from + count, used);
}

/* ---- Checking ------------------------------------------------------------ */

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
	struct page_run must = run_compute(map, level, node);

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
