/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * routes.c - see routes.h.
 *
 * How spans are found. The sizes at which any rule begins, or ends, divide all
 * sizes into cells; no rule divides a cell. Rules are taken in their order, and
 * each takes the cells of its sizes that no rule before it took. A cell that is
 * taken leads to the next one that is not, as in a union-find, so that each
 * rule passes over what is taken in a step: 16384 rules are done in some
 * milliseconds. Those with a condition of where are taken in the same way, by
 * themselves.
 */
#include "preload/routes.h"

#include <string.h>

#include "arena/cache.h"
#include "os/os.h"
#include "preload/kinds.h"
#include "rules/glob.h"

struct route route_unknown;
_Thread_local struct route *thread_route = &route_unknown;

static _Atomic(struct route *) routes;

/* ---- Which rules fit a name ---------------------------------------------- */

static bool
fits(const struct route *route, uint32_t rule)
{
	return (route->fits[rule / 64] >> rule % 64 & 1) != 0;
}

static bool
fits_name(const struct rules_table *table, uint32_t rule, const char *name)
{
	const char *pattern = rules_text(
	    table, rules_rules(table)[rule].thread);

	return *pattern == '\0' || rules_glob(pattern, name);
}

static void
note_fits(uint64_t *bits, const struct rules_table *table, const char *name)
{
	for (uint32_t i = 0; i < table->rules.count; i++)
		if (fits_name(table, i, name))
			bits[i / 64] |= UINT64_C(1) << i % 64;
}

static bool
is_route_of(const struct route *route, const struct rules_table *table,
    const char *name)
{
	for (uint32_t i = 0; i < table->rules.count; i++)
		if (fits(route, i) != fits_name(table, i, name))
			return false;
	return true;
}

/* ---- Cells --------------------------------------------------------------- */

/* All that a route is made of while it is made: three sizes at the most for
 * each rule, and SITES_FROM, bound a cell. */
struct cells {
	const struct rules_table *table;
	uint32_t count;
	uint64_t *low;
	uint32_t *rule, *where; /* the first of either sort; NONE yet */
	uint32_t *next;         /* not taken yet: itself; else further on */
};

#define NONE UINT32_MAX

/* Sorts by a heap, in place: qsort(3) may allocate. */
static void
sift(uint64_t *heap, uint32_t at, uint32_t count)
{
	uint64_t value = heap[at];
	uint32_t child;

	for (; (child = 2 * at + 1) < count; at = child) {
		if (child + 1 < count && heap[child + 1] > heap[child])
			child++;
		if (heap[child] <= value)
			break;
		heap[at] = heap[child];
	}
	heap[at] = value;
}

static void
sort(uint64_t *values, uint32_t count)
{
	for (uint32_t i = count / 2; i-- > 0;)
		sift(values, i, count);
	for (uint32_t i = count; i-- > 1;) {
		uint64_t most = values[0];

		values[0] = values[i];
		values[i] = most;
		sift(values, 0, i);
	}
}

/* Where cells begin: in order, each once. */
static void
find_cells(struct cells *cells)
{
	const struct rules_rule *rule = rules_rules(cells->table);
	uint64_t *low = cells->low;
	uint32_t count = 0, kept = 0;

	low[count++] = 0;
	low[count++] = cells->table->sites_from;
	for (uint32_t i = 0; i < cells->table->rules.count; i++) {
		low[count++] = rule[i].low;
		if (rule[i].high != UINT64_MAX)
			low[count++] = rule[i].high + 1;
	}
	sort(low, count);
	for (uint32_t i = 0; i < count; i++)
		if (i == 0 || low[i] != low[kept - 1])
			low[kept++] = low[i];
	cells->count = kept;
}

/* The last of COUNT ascending numbers, the first of which is 0, that is not
 * above VALUE; STRIDE bytes lie from each to the next. */
static uint32_t
last_up_to(const void *first, size_t stride, uint32_t count, uint64_t value)
{
	uint32_t from = 0;

	while (count > 1) {
		uint32_t half = count / 2;
		const char *at = (const char *)first + (from + half) * stride;

		if (*(const uint64_t *)(const void *)at <= value)
			from += half;
		count -= *(const uint64_t *)(const void *)at <= value ?
		    half :
		    count - half;
	}
	return from;
}

static uint32_t
cell_of(const struct cells *cells, uint64_t size)
{
	return last_up_to(cells->low, sizeof(uint64_t), cells->count, size);
}

/* The first cell from AT on that nobody took; paths are halved on the way. */
static uint32_t
next_free(const struct cells *cells, uint32_t at)
{
	uint32_t *next = cells->next;

	while (next[at] != at)
		at = next[at] = next[next[at]];
	return at;
}

/* Has all rules of one sort take cells, into TAKEN; NEXT has an entry more than
 * there are cells, the end. */
static void
take_cells(
    struct cells *cells, const struct route *route, bool where, uint32_t *taken)
{
	const struct rules_rule *rule = rules_rules(cells->table);

	for (uint32_t i = 0; i < cells->count; i++)
		taken[i] = NONE;
	for (uint32_t i = 0; i <= cells->count; i++)
		cells->next[i] = i;
	for (uint32_t i = 0; i < cells->table->rules.count; i++) {
		uint32_t last;

		if ((rule[i].from != RULES_FROM_ANYWHERE) != where ||
		    !fits(route, i))
			continue;
		last = cell_of(cells, rule[i].high);
		for (uint32_t at =
			 next_free(cells, cell_of(cells, rule[i].low));
		     at <= last; at = next_free(cells, at)) {
			taken[at] = i;
			cells->next[at] = at + 1;
		}
	}
}

/* ---- Spans --------------------------------------------------------------- */

/* Neighbours that say the same become one span. The last rule has no condition,
 * so that each cell has one. */
static uint32_t
write_spans(const struct cells *cells, struct span *spans)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < cells->count; i++) {
		struct span span = { cells->low[i], cells->rule[i],
			cells->where[i] < cells->rule[i] &&
			    cells->low[i] >= cells->table->sites_from };

		if (count == 0 || spans[count - 1].rule != span.rule ||
		    spans[count - 1].asks != span.asks)
			spans[count++] = span;
	}
	return count;
}

const struct span *
route_span(const struct route *route, uint64_t size)
{
	return &route->spans[last_up_to(
	    route->spans, sizeof(struct span), route->span_count, size)];
}

/* ---- Heaps --------------------------------------------------------------- */

/* The heap for all sizes from LOW to HIGH; NO_HEAP where there is not one. */
static unsigned
heap_for(const struct rules_table *table, const struct route *route,
    uint64_t low, uint64_t high)
{
	const struct span *span = route_span(route, low);

	if (span->asks || route_span(route, high) != span)
		return NO_HEAP;
	return kinds_first_heap(table, &rules_rules(table)[span->rule]);
}

/* Before the first heap is open nothing is known of bins, and this is called
 * again when it is. */
static void
enter_heaps(const struct rules_table *table, struct route *route)
{
	for (unsigned i = 1; i < CACHE_BINS && cache_bin_size[i] != 0; i++)
		atomic_store_explicit(&route->heap[i],
		    (uint16_t)heap_for(table, route,
			i == 1 ? 0 : cache_bin_size[i - 1] + 1,
			cache_bin_size[i]),
		    memory_order_relaxed);
}

void
routes_refresh(const struct rules_table *table)
{
	for (struct route *r = atomic_load(&routes); r != NULL; r = r->next)
		enter_heaps(table, r);
}

void
route_to(struct route *route, poolkind *kind)
{
	for (unsigned i = 1; i < CACHE_BINS; i++) {
		atomic_store_explicit(&route->heap[i],
		    (uint16_t)poolkind_id(kind), memory_order_relaxed);
		atomic_store_explicit(
		    &route->kind[i], kind, memory_order_relaxed);
	}
}

/* ---- Making one ---------------------------------------------------------- */

/* Divides pages that were just mapped. */
static void *
carve(char **rest, size_t bytes)
{
	void *part = *rest;

	*rest += align_up(bytes, sizeof(uint64_t));
	return part;
}

static size_t
words_for(const struct rules_table *table)
{
	return (table->rules.count + 63) / 64;
}

/* Finds the spans of a route that knows which rules fit. In pages that go
 * again; false without memory. */
static bool
find_spans(const struct rules_table *table, struct route *route)
{
	uint32_t most = 2 * table->rules.count + 2;
	size_t bytes = align_up(
	    most * (sizeof(uint64_t) + 3 * sizeof(uint32_t)) + 64, PAGE_BYTES);
	struct cells cells = { .table = table };
	struct span *spans;
	void *pages, *kept;
	char *rest;

	if (os_map(bytes, &pages) != 0)
		return false;
	rest = pages;
	cells.low = carve(&rest, most * sizeof(uint64_t));
	cells.rule = carve(&rest, most * sizeof(uint32_t));
	cells.where = carve(&rest, most * sizeof(uint32_t));
	cells.next = carve(&rest, (most + 1) * sizeof(uint32_t));
	find_cells(&cells);
	take_cells(&cells, route, false, cells.rule);
	take_cells(&cells, route, true, cells.where);
	if (os_map(align_up(cells.count * sizeof(*spans), PAGE_BYTES), &kept) ==
	    0) {
		spans = kept;
		route->span_count = write_spans(&cells, spans);
		route->spans = spans;
	}
	os_unmap(pages, bytes);
	return route->spans != NULL;
}

static void
unmap_route(const struct rules_table *table, struct route *route)
{
	os_unmap(route,
	    align_up(sizeof(*route) + words_for(table) * sizeof(uint64_t),
		PAGE_BYTES));
}

/* A route that knows which rules fit, and nothing else. */
static struct route *
map_route(const struct rules_table *table, const char *name)
{
	struct route *route;
	void *pages;

	if (os_map(
		align_up(sizeof(*route) + words_for(table) * sizeof(uint64_t),
		    PAGE_BYTES),
		&pages) != 0)
		return NULL;
	route = pages;
	route->fits = (uint64_t *)(route + 1);
	note_fits(route->fits, table, name);
	return route;
}

/* The list is complete before heaps are entered: who refreshes all routes for a
 * kind that was opened finds the route there, or the kind was open before it is
 * looked at here. */
static void
publish(const struct rules_table *table, struct route *route)
{
	route->next = atomic_load(&routes);
	while (!atomic_compare_exchange_weak(&routes, &route->next, route))
		;
	enter_heaps(table, route);
}

static struct route *
known_route(const struct rules_table *table, const char *name)
{
	struct route *route = atomic_load(&routes);

	while (route != NULL && !is_route_of(route, table, name))
		route = route->next;
	return route;
}

struct route *
route_of(const struct rules_table *table, const char *name)
{
	struct route *route = known_route(table, name);

	if (likely(route != NULL))
		return route;
	route = map_route(table, name);
	if (route == NULL)
		return NULL;
	if (find_spans(table, route)) {
		publish(table, route);
		return route;
	}
	unmap_route(table, route);
	return NULL;
}
