/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stats.c - what a kind holds, and all kinds: as a record, and as text.
 *
 * Owns nothing but records of numbers while they are written. kinds_lock keeps
 * a kind from being closed by another thread while its numbers are gathered,
 * one kind at a time; nothing is written and no function of the program is
 * called under it. Fails with errno and a sentence.
 */
#include <errno.h>
#include <string.h>

#include "arena/heap.h"
#include "base/annotate.h"
#include "base/error.h"
#include "kind/kinds.h"
#include "os/records.h"
#include "stats/layout.h"
#include "stats/numbers.h"

/*
 * Adds what one heap holds. Peak and limit are not added: all sources of a kind
 * share one account, and each of them tells the same. Size is that of one
 * locality, since the size of such a kind bounds all of them together
 * (open_local_heaps()). Nobody counts frees: there were as many as blocks that
 * were handed out and are not held now.
 */
static void
add_heap(struct poolkind_stats *all, struct heap *heap)
{
	struct source_stats source;
	struct heap_stats stats;

	heap_stats(heap, &stats);
	source_stats(heap->source, &source, true);
	all->live += stats.live;
	all->cached += stats.cached;
	all->committed += source.committed;
	all->peak = source.peak;
	all->resident += source.resident;
	all->limit = source.limit;
	all->size = source.size;
	all->allocations += stats.requests;
	all->frees += stats.requests - stats.blocks;
	all->active += stats.active;
}

void
kind_count(const struct kind *kind, struct poolkind_stats *all)
{
	*all = (struct poolkind_stats){
		.failures = atomic_load(&kind->failures),
		.spills = atomic_load(&kind->spills),
		.returns = atomic_load(&kind->marks.returns),
	};
	for (unsigned i = 0; i < kind_heaps(kind); i++)
		add_heap(all, kind_heap(kind, i));
}

EXPORT int
poolkind_get_stats(
    poolkind *handle, struct poolkind_stats *stats, size_t stats_size)
{
	struct kind *kind = kind_of(handle);
	struct poolkind_stats all;
	int saved = errno;

	if (kind == NULL)
		return -1;
	if (stats == NULL || stats_size == 0)
		return error_set(EINVAL,
		    "statistics need a place of %zu bytes, "
		    "got %zu at %p",
		    sizeof(all), stats_size, (void *)stats);
	annotate_enter();
	kind_count(kind, &all);
	annotate_leave();
	copy_out(stats, stats_size, &all, sizeof(all));
	errno = saved;
	return 0;
}

/* ---- All kinds ----------------------------------------------------------- */

/* By id, so that no lock is held: a kind that is open all the while is met
 * once. */
EXPORT int
poolkind_each_kind(int (*visit)(void *arg, poolkind *kind), void *arg)
{
	int result = 0;

	if (visit == NULL)
		return error_set(EINVAL, "no function to tell of the kinds");
	for (unsigned id = 1; id <= HEAPS_MAX && result == 0; id++) {
		poolkind *handle = (poolkind *)atomic_load_explicit(
		    &kind_entries[id].handle, memory_order_acquire);

		if (handle != NULL)
			result = visit(arg, handle);
	}
	return result;
}

/* ---- As text ------------------------------------------------------------- */

/* The numbers of a kind, with copies of what is the kind's: in a record of
 * BYTES. */
struct gathered {
	struct stats_kind kind;
	size_t bytes;
	size_t on_node[];
};

static uint64_t
or_none(uint64_t bound)
{
	return bound == 0 ? STATS_NONE : bound;
}

static void
set_values(uint64_t *value, const struct poolkind_stats *stats)
{
	value[STATS_LIVE] = stats->live;
	value[STATS_CACHED] = stats->cached;
	value[STATS_COMMITTED] = stats->committed;
	value[STATS_PEAK] = stats->peak;
	value[STATS_RESIDENT] = stats->resident;
	value[STATS_LIMIT] = or_none(stats->limit);
	value[STATS_SIZE] = or_none(stats->size);
	value[STATS_ACTIVE] = stats->active;
	value[STATS_ALLOCATIONS] = stats->allocations;
	value[STATS_FREES] = stats->frees;
	value[STATS_FAILURES] = stats->failures;
	value[STATS_SPILLS] = stats->spills;
	value[STATS_RETURNS] = stats->returns;
}

/* How many nodes, from 0 on, have something. */
static unsigned
last_node(const size_t *on_node)
{
	unsigned nodes = SPEC_NODES_MAX;

	while (nodes > 0 && on_node[nodes - 1] == 0)
		nodes--;
	return nodes;
}

/* A record with the kind's texts and ON_NODE behind it. NULL: no memory. */
static struct gathered *
new_gathered(const struct kind *kind, const size_t *on_node)
{
	unsigned nodes = last_node(on_node);
	size_t name = strlen(kind->name) + 1, text = strlen(kind->text) + 1;
	size_t bytes = sizeof(struct gathered) + nodes * sizeof(*on_node) +
	    name + text;
	struct gathered *gathered = record_new(bytes);
	char *behind;

	if (gathered == NULL)
		return NULL;
	memcpy(gathered->on_node, on_node, nodes * sizeof(*on_node));
	behind = (char *)&gathered->on_node[nodes];
	gathered->bytes = bytes;
	gathered->kind.name = memcpy(behind, kind->name, name);
	gathered->kind.text = memcpy(behind + name, kind->text, text);
	gathered->kind.on_node = gathered->on_node;
	gathered->kind.nodes = nodes;
	return gathered;
}

/* The numbers of an open kind; NULL: no memory. Under kinds_lock. */
static struct stats_kind *
gather(const struct kind *kind)
{
	size_t bytes = SPEC_NODES_MAX * sizeof(size_t);
	size_t *on_node = record_new(bytes);
	struct gathered *gathered = NULL;
	struct poolkind_stats stats;

	if (on_node == NULL)
		return NULL;
	for (unsigned i = 0; i < kind_heaps(kind); i++)
		source_count_on_nodes(
		    kind_heap(kind, i)->source, on_node, SPEC_NODES_MAX);
	gathered = new_gathered(kind, on_node);
	record_free(on_node, bytes);
	if (gathered == NULL)
		return NULL;
	kind_count(kind, &stats);
	set_values(gathered->kind.value, &stats);
	gathered->kind.number = LAYOUT_NUMBER((uintptr_t)kind->handle);
	return &gathered->kind;
}

static void
free_all(struct stats_kind *kind)
{
	while (kind != NULL) {
		struct gathered *gathered = (struct gathered *)kind;

		kind = kind->next;
		record_free(gathered, gathered->bytes);
	}
}

/* Appends the kind with this handle, if it is open, to the list that ends at
 * *END. */
static int
append(const poolkind *handle, struct stats_kind ***end)
{
	int result = 0;
	struct kind *kind;

	kinds_hold();
	kind = kind_find(handle);
	if (kind != NULL) {
		**end = gather(kind);
		if (**end == NULL)
			result = -1;
		else
			*end = &(**end)->next;
	}
	kinds_release();
	return result;
}

static int
append_one(void *arg, poolkind *handle)
{
	return append(handle, arg);
}

/* Pieces are gathered to larger ones before the program gets them. */
#define PIECE_BYTES 4096
struct pieces {
	void (*write)(void *to, const char *text, size_t length);
	void *to;
	size_t length;
	char text[PIECE_BYTES];
};

static void
hand_over(struct pieces *pieces)
{
	if (pieces->length != 0)
		pieces->write(pieces->to, pieces->text, pieces->length);
	pieces->length = 0;
}

static void
gather_text(void *to, const char *text, size_t length)
{
	struct pieces *pieces = to;

	while (length != 0) {
		size_t part = min_size(length, PIECE_BYTES - pieces->length);

		memcpy(pieces->text + pieces->length, text, part);
		pieces->length += part;
		text += part;
		length -= part;
		if (pieces->length == PIECE_BYTES)
			hand_over(pieces);
	}
}

static void
write_text(struct pieces *pieces, struct stats_kind *kinds, int format)
{
	char program[OS_THREAD_NAME];
	struct stats_process process = {
		.process = os_process(),
		.program = program,
		.engine = "libpoolkind",
		.kinds = kinds,
	};
	struct stats_writer writer = { gather_text, pieces };

	os_program_name(program);
	if (format == POOLKIND_JSON)
		stats_write_json(&process, &writer);
	else
		stats_write_openmetrics(&process, &writer);
	hand_over(pieces);
}

static int
no_records(void)
{
	return error_set(ENOMEM, "no memory to gather the numbers of kinds in");
}

/* Gathers all first: a metric has the samples of all kinds in a row. */
static int
write_kinds(poolkind *handle, int format, struct pieces *pieces)
{
	struct stats_kind *kinds = NULL, **end = &kinds;
	int result;

	annotate_enter();
	result = handle != NULL ? append(handle, &end) :
				  poolkind_each_kind(append_one, &end);
	annotate_leave();
	if (result != 0)
		no_records();
	else
		write_text(pieces, kinds, format);
	free_all(kinds);
	return result;
}

EXPORT int
poolkind_write_stats(poolkind *handle, int format,
    void (*write)(void *to, const char *text, size_t length), void *to)
{
	struct pieces *pieces;
	int saved = errno, result;

	if (handle != NULL && kind_of(handle) == NULL)
		return -1;
	if (format != POOLKIND_JSON && format != POOLKIND_OPENMETRICS)
		return error_set(EINVAL,
		    "a format %d of statistics: write POOLKIND_JSON or "
		    "POOLKIND_OPENMETRICS",
		    format);
	if (write == NULL)
		return error_set(EINVAL, "no function to write statistics by");
	pieces = record_new(sizeof(*pieces));
	if (pieces == NULL)
		return no_records();
	pieces->write = write;
	pieces->to = to;
	result = write_kinds(handle, format, pieces);
	record_free(pieces, sizeof(*pieces));
	if (result == 0)
		errno = saved;
	return result;
}
