/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * open_heaps.c - the memory of a kind: its sources, and a heap on each.
 *
 * What the spec leaves to the machine is asked here (machine.h): the nodes that
 * an attribute names, their weights, the device that dax:auto means; and then
 * how many bytes a limit is that is a part of their memory. Owns nothing.
 * Called while a kind is opened or closed, when no other thread knows it, so
 * without a lock. Opening fails with errno and a sentence, and leaves nothing
 * open.
 */
#include <errno.h>
#include <string.h>

#include "arena/cache.h"
#include "arena/heaps.h"
#include "base/cut.h"
#include "base/error.h"
#include "kind/kind.h"
#include "kind/machine.h"
#include "kind/open_heaps.h"
#include "os/records.h"
#include "source/capacity.h"
#include "source/weights.h"

/* How long free memory waits, if the spec does not say: as in jemalloc. */
#define IDLE_MS 10000
/* How long a bounded kind's arenas keep what is free, for the next block. */
#define ARENA_MS 10

/* Whether the kind's pages are simply there: all that reserve=yes has taken,
 * and regions and devices. To give such pages back gains nothing, so nothing
 * decays in the source. */
static bool
is_there(const struct spec *spec)
{
	return spec->reserve || spec_is_present(spec);
}

/* A kind that is bounded, by a size or a limit, must meet free space of all its
 * arenas in one place. */
static bool
is_bounded(const struct spec *spec)
{
	return (spec->size != 0 && !spec->grow) || spec->limit != 0;
}

/* How long free memory waits in the kind, wherever that is. */
static uint64_t
waits_ms(const struct spec *spec)
{
	if (!spec->decay_given)
		return IDLE_MS;
	return spec->decay_ms < 0 ? UINT64_MAX : (uint64_t)spec->decay_ms;
}

/*
 * How many milliseconds the source keeps free pages committed, 0 for not at
 * all; the last column of the table in arena/structures.h. A bounded kind's
 * arenas keep free extents for ARENA_MS at most, so a decay that the spec gives
 * has to be honoured here. An unbounded kind's arenas keep them for as long as
 * the decay says, and what they give up after that goes at once.
 */
static uint64_t
idle_ms(const struct spec *spec)
{
	if (!is_bounded(spec) || is_there(spec))
		return 0;
	return waits_ms(spec);
}

/* The largest size in caches. Large blocks may wait there for two seconds,
 * which is too long where a shorter decay was chosen. */
static size_t
cached(const struct spec *spec)
{
	if (spec->cached != 0)
		return spec->cached;
	return spec->decay_given && spec->decay_ms >= 0 &&
		spec->decay_ms < 2 * CACHE_AGE_MS ?
	    CACHE_SIZE_MAX :
	    CACHE_LARGE_MAX;
}

/*
 * The middle columns of that table. BRIEF: the arenas of a bounded kind keep
 * free extents for ARENA_MS, however long the decay is, since extents of
 * several arenas coalesce only in the source; a decay that is shorter holds for
 * both. OVERSIZE, which gives back much free memory at once, is for memory
 * whose decay nobody chose, and which is had again at little cost (purge.h).
 */
static struct heap_options
heap_options_of(const struct spec *spec)
{
	bool bounded = is_bounded(spec) || is_there(spec);
	bool brief = bounded &&
	    (!spec->decay_given || spec->decay_ms < 0 ||
		spec->decay_ms > ARENA_MS);

	return (struct heap_options){
		.fixed = spec->size != 0 && !spec->grow,
		.bounded = bounded,
		.oversize = spec_is_anonymous(spec) && !bounded &&
		    !spec->decay_given,
		.arenas = spec->arenas != 0 ? spec->arenas : HEAP_ARENAS_MAX,
		.cached = cached(spec),
		.decay_given = spec->decay_given || brief,
		.decay_ms = brief ? ARENA_MS : spec->decay_ms,
		.background = spec->background,
		.background_ms = waits_ms(spec),
	};
}

/* ---- Heaps --------------------------------------------------------------- */

/*
 * Opens a source as SPEC says, by now without anything left open, and a heap on
 * it. BESIDE is the source with which this one shares its account, NULL for the
 * first of a kind. The owner of the source is the handle and not the record:
 * poolkind_of() answers it in signal handlers, and a handle can be returned
 * whatever becomes of the kind. A heap that fails to open closes the source.
 */
static int
open_heap(struct heap *heap, const struct spec *spec, void *region,
    struct kind *kind, struct source *beside)
{
	struct heap_options options = heap_options_of(spec);
	struct source *source = source_open(spec, region, kind->handle, beside);
	int error;

	if (source == NULL)
		return -1;
	source_keep_idle(source, idle_ms(spec));
	if (options.oversize)
		source_keep_part(source);
	options.rounds = source_zeroes_lazily(source);
	error = heap_open(
	    heap, source, &options, kind->local != NULL ? &kind->heap : NULL);
	if (error == 0)
		return 0;
	source_close(source);
	if (error == EAGAIN)
		return error_set(
		    ENOMEM, "no memory for the records of the arenas");
	return error_set(ENOMEM,
	    "no memory for a heap, or %d are open: close a kind first",
	    HEAPS_MAX);
}

/* Opens the one heap of a kind whose nodes or device are found. */
static int
open_one_heap(struct kind *kind, struct spec *spec, void *region)
{
	if (capacity_settle_limit(spec) != 0)
		return -1;
	weights_settle(spec);
	return open_heap(&kind->heap, spec, region, kind, NULL);
}

/* Closes each heap and then its source, the last first: the account that
 * all sources share is part of the first source. */
static void
close_heaps(struct kind *kind)
{
	for (unsigned i = kind_heaps(kind); i-- > 0;) {
		struct heap *heap = kind_heap(kind, i);

		heap_close(heap);
		source_close(heap->source);
	}
}

static size_t
local_bytes(unsigned count)
{
	return sizeof(struct local_heaps) + count * sizeof(struct heap);
}

static void
close_local(struct kind *kind, unsigned reserved)
{
	close_heaps(kind);
	record_free(kind->local, local_bytes(reserved));
	kind->local = NULL;
}

/*
 * A heap and a source for each locality of a kind of scope local.
 *
 * A size without grow=yes becomes a limit here. It is for all localities
 * together, and which of them the threads will use is not known; the sources
 * have one account, so the limit bounds their sum. Each source still gets
 * addresses for the whole size, which cost no memory. Heaps are told of the
 * limit when all are open, as each bounds its caches by its share
 * (kind_limit_changed()).
 *
 * local->count counts the heaps that are open already: it is what
 * close_heaps() goes by when one of them fails. The id of kind->heap is the
 * alias of all.
 */
static int
open_local_heaps(
    struct kind *kind, struct spec *spec, const struct localities *localities)
{
	struct local_heaps *local;
	struct spec here;
	int result = 0;

	if (capacity_settle_limit(spec) != 0)
		return -1;
	here = *spec;
	local = record_new(local_bytes(localities->count));
	if (local == NULL)
		return error_set(ENOMEM, "no memory for the records of a kind");
	kind->local = local;
	memcpy(local->of_node, localities->of_node, sizeof(local->of_node));
	if (spec->size != 0 && !spec->grow &&
	    (spec->limit == 0 || spec->size < spec->limit))
		here.limit = spec->size;
	while (local->count < localities->count && result == 0) {
		unsigned i = local->count;

		memcpy(here.nodes, localities->nodes[i], sizeof(here.nodes));
		memcpy(
		    here.weights, localities->weights[i], sizeof(here.weights));
		weights_settle(&here);
		result = open_heap(&local->heap[i], &here, NULL, kind,
		    i == 0 ? NULL : local->heap[0].source);
		local->count += result == 0;
	}
	if (result != 0) {
		close_local(kind, localities->count);
		return -1;
	}
	if (here.limit != 0)
		kind_limit_changed(kind, here.limit);
	return 0;
}

/* ---- What the spec leaves open ------------------------------------------- */

/* Checks the part of the device that the spec means, and where it has no size
 * takes all that follows OFFSET. Devices are mapped in units of an alignment of
 * their own, often 2 MiB: the kernel takes others, and answers the first touch
 * with a fault (os.h), so they are refused here. */
static int
check_device(struct spec *spec)
{
	struct os_dax dax;
	enum os_path what;
	int error = os_path(spec->path, &what, &dax);

	if (error != 0)
		return error_set_system(
		    error, "the device \"%s\"", cut(spec->path, 150).text);
	if (what != OS_PATH_DAX || dax.bytes == 0)
		return error_set(EINVAL, "\"%s\" is not a DAX device%s",
		    cut(spec->path, 120).text,
		    what == OS_PATH_DAX ? " with any size" :
					  ": these are /dev/daxM.N");
	if (!is_aligned(spec->offset | spec->size, dax.alignment) ||
	    spec->offset >= dax.bytes || spec->size > dax.bytes - spec->offset)
		return error_set(EINVAL,
		    "offset=%zu,size=%zu of device \"%s\": it has %zu "
		    "bytes and wants multiples of %zu",
		    spec->offset, spec->size, cut(spec->path, 80).text,
		    dax.bytes, dax.alignment);
	if (spec->size == 0)
		spec->size = align_down(
		    dax.bytes - spec->offset, dax.alignment);
	return 0;
}

/*
 * Opens the device that the spec names, or of those that dax:auto and
 * dax:node=N allow the nearest that nobody uses. Whether one is in use is known
 * only by opening it (a lock on the device, EBUSY), so the machine is asked for
 * the next one until one opens. The loop ends, since the machine runs out of
 * devices: then it fails with ENODEV and a sentence that says how many were in
 * use. Any other failure is the answer: another device would be a surprise.
 */
static int
open_device(struct kind *kind, struct spec *spec)
{
	struct spec found;

	for (unsigned skip = 0;; skip++) {
		found = *spec;
		if (spec->dax != SPEC_DAX_PATH &&
		    machine_find_device(&found, skip) != 0)
			return -1;
		if (check_device(&found) == 0 &&
		    open_one_heap(kind, &found, NULL) == 0) {
			*spec = found;
			spec->dax = SPEC_DAX_PATH;
			return 0;
		}
		if (errno != EBUSY || spec->dax == SPEC_DAX_PATH)
			return -1;
	}
}

/* One set of nodes for all threads is an ordinary kind, without an alias and
 * without a look at where a thread runs. */
static int
open_sets(
    struct kind *kind, struct spec *spec, const struct localities *localities)
{
	localities_unite(localities, spec->nodes);
	if (localities->count > 1)
		return open_local_heaps(kind, spec, localities);
	memcpy(spec->weights, localities->weights[0], sizeof(spec->weights));
	return open_one_heap(kind, spec, NULL);
}

static int
open_local(struct kind *kind, struct spec *spec)
{
	struct localities localities;

	return machine_find_localities(spec, &localities) != 0 ?
	    -1 :
	    open_sets(kind, spec, &localities);
}

static int
open_for_all(struct kind *kind, struct spec *spec)
{
	return machine_find_nodes(spec) != 0 ? -1 :
					       open_one_heap(kind, spec, NULL);
}

int
kind_find_all_nodes(struct spec *spec)
{
	int error = os_allowed_nodes(spec->nodes, SPEC_NODES_MAX);

	return error == 0 ?
	    0 :
	    error_set_system(error, "nodes:all: the nodes are not known");
}

int
kind_open_heaps(struct kind *kind, struct spec *spec, void *region,
    const struct localities *localities)
{
	if (localities != NULL)
		return open_sets(kind, spec, localities);
	if (spec->source == SPEC_DAX)
		return open_device(kind, spec);
	if (spec->all_nodes && kind_find_all_nodes(spec) != 0)
		return -1;
	if (!spec_reads_machine(spec))
		return open_one_heap(kind, spec, region);
	return spec_is_local(spec) ? open_local(kind, spec) :
				     open_for_all(kind, spec);
}

void
kind_close_heaps(struct kind *kind)
{
	if (kind->local != NULL)
		close_local(kind, kind->local->count);
	else
		close_heaps(kind);
}
