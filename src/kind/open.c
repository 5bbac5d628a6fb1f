/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * open.c - the life of a kind. See poolkind.h.
 *
 * Owns the kinds' records, what handles lead to, and the list of all kinds with
 * its lock, which comes before all others of the engine but machine.c's.
 *
 * Opening, step by step (kind_new()):
 *
 *   a record and an id       kind_record()     the handle exists, leads nowhere
 *   name and text            kind_describe()
 *   nodes, or a device       machine.c         where the spec leaves them open
 *   a source and a heap      open_heap()       or one of each for every place
 *   the fallback, the list   kind_link()       the handle leads to the kind
 *
 * It fails with errno and a sentence, and leaves nothing behind: until the last
 * step no other thread can know the kind, so it is undone without a lock.
 * Closing goes the other way: kind_unlink() makes the handle lead nowhere, the
 * heaps are closed, the record and the id go.
 *
 * The lock is held while the list is read or changed, not while memory is
 * mapped, a file is made or the machine is read: several threads can open and
 * close kinds at once.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "arena/heaps.h"
#include "base/annotate.h"
#include "base/error.h"
#include "base/list.h"
#include "kind/facade.h"
#include "kind/kind.h"
#include "kind/machine.h"
#include "os/lock.h"
#include "os/records.h"

/* How long pages in no span stay committed, if the spec does not say. */
#define IDLE_MS 10000
/* How long a bounded kind's arenas keep what is free, for the next block. */
#define ARENA_MS 10

static struct lock kinds_lock = LOCK_INIT;
static struct kind *kinds;

/* ---- Records ------------------------------------------------------------- */

static char *
copy_of(const char *text)
{
	size_t bytes = strlen(text) + 1;
	char *copy = record_new(bytes);

	return copy == NULL ? NULL : memcpy(copy, text, bytes);
}

/* The next handle with the id of the kind's heap; see kind.h for the form. The
 * count has 47 bits, so at a million kinds a second it lasts for four years. */
static poolkind *
new_handle(const struct kind *kind)
{
	static _Atomic uintptr_t counter;
	uintptr_t count = atomic_fetch_add(&counter, 1);

	return (poolkind *)((uintptr_t)1 << 63 | count << 16 | kind->heap.id);
}

/*
 * A record with an id and a handle. The id is that of a heap that is not open
 * yet: the handle contains it, and sources are told the handle when they are
 * opened. The entry of the id names the record from here on, for
 * kind_of_heap(), but no handle leads there before kind_link(). NULL with
 * ENOMEM: no memory, or HEAPS_MAX ids are in use.
 */
static struct kind *
kind_record(void)
{
	struct kind *kind = record_new(sizeof(*kind));

	if (kind == NULL)
		error_set(ENOMEM, "no memory for the records of a kind");
	else if (heap_take_id(&kind->heap) != 0) {
		record_free(kind, sizeof(*kind));
		error_set(ENOMEM,
		    "%d kinds are open, more cannot be: close one first",
		    HEAPS_MAX);
		return NULL;
	}
	if (kind != NULL) {
		kind->handle = new_handle(kind);
		kind_entries[kind->heap.id].kind = kind;
	}
	return kind;
}

/* Frees the record and the id, which the next kind may have. The entry is
 * cleared first: from the release on it may be another thread's. */
static void
kind_delete(struct kind *kind)
{
	live_close(&kind->live);
	kind_entries[kind->heap.id].kind = NULL;
	heap_release_id(&kind->heap);
	if (kind->name != NULL)
		record_free(kind->name, strlen(kind->name) + 1);
	if (kind->text != NULL)
		record_free(kind->text, strlen(kind->text) + 1);
	record_free(kind, sizeof(*kind));
}

/*
 * Name and text of the kind, copied since the spec is the caller's. The text is
 * that of the spec as it was given: the nodes or the device that the machine
 * names for it are not in it, so opening the text once more asks the machine
 * once more. What was copied before a failure kind_delete() frees.
 */
static int
kind_describe(struct kind *kind, const struct spec *spec)
{
	static _Atomic unsigned counter;
	char text[SPEC_TEXT_MAX];

	if (spec->name[0] != '\0')
		kind->name = copy_of(spec->name);
	else {
		snprintf(text, sizeof(text), "kind%u",
		    atomic_fetch_add(&counter, 1) + 1);
		kind->name = copy_of(text);
	}
	spec_print(spec, text, sizeof(text));
	kind->text = copy_of(text);
	return kind->name == NULL || kind->text == NULL ? ENOMEM : 0;
}

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
	if (!spec->decay_given)
		return IDLE_MS;
	return spec->decay_ms < 0 ? UINT64_MAX : (uint64_t)spec->decay_ms;
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
		.cached = spec->cached != 0 ? spec->cached : CACHE_SIZE_MAX,
		.decay_given = spec->decay_given || brief,
		.decay_ms = brief ? ARENA_MS : spec->decay_ms,
	};
}

/*
 * ---- The list of all kinds -------------------------------------------------
 *
 * Fallbacks. A kind names the kind that is asked when it is full, which must be
 * open by then. So chains have no circle: each kind is younger than the one
 * that it falls back to. And none breaks: a kind counts how many fall back to
 * it (fallen), and is not closed before these are. Therefore allocate.c follows
 * kind->fallback without a lock: it is set before the handle is known, and what
 * it points to outlives the kind.
 */

/* Finds the kind that NAME names, for KIND. Names need not be unique: of
 * several kinds the one opened last is taken, being first in the list. Under
 * the list's lock. */
static int
find_fallback(struct kind *kind, const char *name)
{
	struct kind *other = kinds;

	if (name[0] == '\0')
		return 0;
	while (other != NULL && strcmp(other->name, name) != 0)
		other = other->next;
	if (other == NULL)
		return error_set(ENOENT,
		    "fallback=%s: no kind of that name is open; open it "
		    "first, with name=%s",
		    name, name);
	other->fallen++;
	kind->fallback = other;
	return 0;
}

/* Finds the fallback and makes the handle lead to the kind, both under one
 * lock: else the fallback could be closed in between. Once the handle is stored
 * every thread that has it can use the kind, so this is the last step. */
static int
kind_link(struct kind *kind, const char *fallback)
{
	int result;

	lock_take(&kinds_lock);
	result = find_fallback(kind, fallback);
	if (result == 0) {
		LIST_PUSH(&kinds, kind);
		atomic_store_explicit(&kind_entries[kind->heap.id].handle,
		    kind->handle, memory_order_release);
	}
	lock_give(&kinds_lock);
	return result;
}

/* Takes the kind of HANDLE out of the list, unless others fall back to it:
 * FALLEN do. NULL if there is none. The handle leads nowhere from here on, so
 * of two threads that close the same kind one is told that it is not open. */
static struct kind *
kind_unlink(const poolkind *handle, unsigned *fallen)
{
	struct kind *kind;

	lock_take(&kinds_lock);
	kind = kind_find(handle);
	*fallen = kind == NULL ? 0 : kind->fallen;
	if (kind != NULL && *fallen == 0) {
		atomic_store(&kind_entries[kind->heap.id].handle, NULL);
		LIST_REMOVE(kind);
		if (kind->fallback != NULL)
			kind->fallback->fallen--;
	}
	lock_give(&kinds_lock);
	return kind;
}

void
kinds_prefork(void)
{
	lock_take(&kinds_lock);
}

void
kinds_postfork(void)
{
	lock_give(&kinds_lock);
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
	const struct heap_options options = heap_options_of(spec);
	struct source *source = source_open(spec, region, kind->handle, beside);
	int error;

	if (source == NULL)
		return -1;
	source_keep_idle(source, idle_ms(spec));
	error = heap_open(
	    heap, source, &options, kind->places != NULL ? &kind->heap : NULL);
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

/* Closes each heap and then its source, the last place first: the account that
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
places_bytes(unsigned count)
{
	return sizeof(struct places) + count * sizeof(struct heap);
}

static void
close_places(struct kind *kind, unsigned reserved)
{
	close_heaps(kind);
	record_free(kind->places, places_bytes(reserved));
	kind->places = NULL;
}

/*
 * A heap and a source for each place of a kind of scope local.
 *
 * A size without grow=yes becomes a limit here. It is for all places together,
 * and which of them the threads will use is not known; the sources have one
 * account, so the limit bounds their sum. Each source still gets addresses for
 * the whole size, which cost no memory. Heaps are told of the limit when all
 * are open, as each bounds its caches by its share (kind_limit_changed()).
 *
 * places->count counts the heaps that are open already: it is what
 * close_heaps() goes by when one of them fails. The id of kind->heap is the
 * alias of all.
 */
static int
open_places(struct kind *kind, const struct spec *spec,
    const struct placement *placement)
{
	struct places *places = record_new(places_bytes(placement->count));
	struct spec here = *spec;
	int result = 0;

	if (places == NULL)
		return error_set(ENOMEM, "no memory for the records of a kind");
	kind->places = places;
	memcpy(places->of_node, placement->of_node, sizeof(places->of_node));
	if (spec->size != 0 && !spec->grow &&
	    (spec->limit == 0 || spec->size < spec->limit))
		here.limit = spec->size;
	for (; places->count < placement->count && result == 0;) {
		unsigned i = places->count;

		memcpy(here.nodes, placement->nodes[i], sizeof(here.nodes));
		result = open_heap(&places->heap[i], &here, NULL, kind,
		    i == 0 ? NULL : places->heap[0].source);
		places->count += result == 0;
	}
	if (result != 0) {
		close_places(kind, placement->count);
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
		    error, "the device \"%.150s\"", spec->path);
	if (what != OS_PATH_DAX || dax.bytes == 0)
		return error_set(EINVAL, "\"%.120s\" is no DAX device%s",
		    spec->path,
		    what == OS_PATH_DAX ? " with any size" :
					  ": these are /dev/daxM.N");
	if (!is_aligned(spec->offset | spec->size, dax.alignment) ||
	    spec->offset >= dax.bytes || spec->size > dax.bytes - spec->offset)
		return error_set(EINVAL,
		    "offset=%zu,size=%zu of device \"%.80s\": it has %zu "
		    "bytes and wants multiples of %zu",
		    spec->offset, spec->size, spec->path, dax.bytes,
		    dax.alignment);
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
open_device(struct kind *kind, const struct spec *spec)
{
	struct spec found;

	for (unsigned skip = 0;; skip++) {
		found = *spec;
		if (spec->dax != SPEC_DAX_PATH &&
		    machine_find_device(&found, skip) != 0)
			return -1;
		if (check_device(&found) == 0 &&
		    open_heap(&kind->heap, &found, NULL, kind, NULL) == 0)
			return 0;
		if (errno != EBUSY || spec->dax == SPEC_DAX_PATH)
			return -1;
	}
}

/* One set of nodes for all threads is an ordinary kind, without an alias and
 * without a look at where a thread runs. */
static int
open_placed(struct kind *kind, const struct spec *spec,
    const struct placement *placement)
{
	struct spec found;

	if (placement->count > 1)
		return open_places(kind, spec, placement);
	found = *spec;
	memcpy(found.nodes, placement->nodes[0], sizeof(found.nodes));
	return open_heap(&kind->heap, &found, NULL, kind, NULL);
}

static int
open_local(struct kind *kind, const struct spec *spec)
{
	struct placement placement;

	return machine_find_places(spec, &placement) != 0 ?
	    -1 :
	    open_placed(kind, spec, &placement);
}

static int
open_for_all(struct kind *kind, const struct spec *spec)
{
	struct spec found = *spec;

	return machine_find_nodes(&found) != 0 ?
	    -1 :
	    open_heap(&kind->heap, &found, NULL, kind, NULL);
}

/* Chooses how the kind gets its heaps: from the placement of a facade, from a
 * device, from nodes that the machine finds, or from the spec as it stands. */
static int
open_heaps(struct kind *kind, const struct spec *spec, void *region,
    const struct placement *placement)
{
	if (placement != NULL)
		return open_placed(kind, spec, placement);
	if (spec->source == SPEC_DAX)
		return open_device(kind, spec);
	if (!spec_is_by_attribute(spec))
		return open_heap(&kind->heap, spec, region, kind, NULL);
	return spec->scope == SPEC_LOCAL ? open_local(kind, spec) :
					   open_for_all(kind, spec);
}

static void
kind_close(struct kind *kind)
{
	if (kind->places != NULL)
		close_places(kind, kind->places->count);
	else
		close_heaps(kind);
}

/* ---- The interface ------------------------------------------------------- */

/* The whole of opening; see the head of this file. Fork handlers come first:
 * from the first kind on a fork must find them. */
static poolkind *
kind_new(
    const struct spec *spec, void *region, const struct placement *placement)
{
	struct kind *kind;

	poolkind_follow_forks();
	kind = kind_record();
	if (kind == NULL)
		return NULL;
	if (kind_describe(kind, spec) != 0) {
		error_set(ENOMEM, "no memory for the records of a kind");
	} else if (open_heaps(kind, spec, region, placement) == 0) {
		if (kind_link(kind, spec->fallback) == 0)
			return kind->handle;
		kind_close(kind);
	}
	kind_delete(kind);
	return NULL;
}

/*
 * What is to be opened, and the kind that comes of it. The four functions below
 * are called by os_on_stack(), on a stack of the engine's: a spec and its text
 * take 13 KiB, a placement 9, loading the topology more than either, and a
 * thread may have 16 KiB in all. Each leaves opening->kind NULL on failure.
 */
struct opening {
	const char *text; /* a spec, or options */
	void *region;
	size_t size;
	const struct spec *spec;
	const struct placement *placement;
	poolkind *kind;
};

static void
open_spec(void *arg)
{
	struct opening *opening = arg;
	int saved = errno;

	annotate_enter();
	opening->kind = kind_new(
	    opening->spec, opening->region, opening->placement);
	annotate_leave();
	if (opening->kind != NULL)
		errno = saved;
}

/* The kind's text names the nodes of all its places; which threads have which
 * of them no text can say. */
static void
open_placed_spec(void *arg)
{
	struct opening *opening = arg;
	const struct placement *placement = opening->placement;
	struct spec everywhere = *opening->spec;

	for (unsigned i = 0; i < placement->count; i++)
		for (size_t word = 0; word < ARRAY_SIZE(everywhere.nodes);
		     word++)
			everywhere.nodes[word] |= placement->nodes[i][word];
	opening->spec = &everywhere;
	open_spec(opening);
}

static void
open_text(void *arg)
{
	struct opening *opening = arg;
	struct spec spec;

	if (spec_parse(opening->text, &spec) != 0)
		return;
	opening->spec = &spec;
	open_spec(opening);
}

static void
open_region(void *arg)
{
	struct opening *opening = arg;
	struct spec spec = { .source = SPEC_REGION, .size = opening->size };

	if (spec_parse_options(opening->text, &spec) != 0)
		return;
	opening->spec = &spec;
	open_spec(opening);
}

static poolkind *
kind_open(void (*way)(void *opening), struct opening *opening)
{
	os_on_stack(way, opening);
	return opening->kind;
}

EXPORT poolkind *
poolkind_open_spec(const struct spec *spec, void *region)
{
	return kind_open(
	    open_spec, &(struct opening){ .spec = spec, .region = region });
}

EXPORT poolkind *
poolkind_open_placed(const struct spec *spec, const struct placement *placement)
{
	return kind_open(open_placed_spec,
	    &(struct opening){ .spec = spec, .placement = placement });
}

static bool
flags_are_valid(unsigned flags)
{
	if (flags == 0)
		return true;
	error_set(EINVAL, "flags are 0x%x: none is defined, pass 0", flags);
	return false;
}

EXPORT poolkind *
poolkind_open(const char *text, unsigned flags)
{
	if (!flags_are_valid(flags))
		return NULL;
	if (text != NULL)
		return kind_open(open_text, &(struct opening){ .text = text });
	error_set(EINVAL,
	    "the kind's text is NULL: pass a spec such "
	    "as \"dram\" or \"file:/mnt/pmem,size=8G\"");
	return NULL;
}

/* Checks what concerns the engine here, before any option is read. Whether the
 * memory is mapped is not asked: the caller promises it, and could unmap it at
 * any time. A region is one segment, hence the upper bound. */
EXPORT poolkind *
poolkind_open_region(
    void *addr, size_t size, const char *options, unsigned flags)
{
	if (!flags_are_valid(flags))
		return NULL;
	if (addr == NULL || !is_aligned((uintptr_t)addr, PAGE_BYTES) ||
	    !is_aligned(size, PAGE_BYTES)) {
		error_set(EINVAL,
		    "a region of %zu bytes at %p: both must be "
		    "multiples of the page size %zu",
		    size, addr, PAGE_BYTES);
		return NULL;
	}
	if (size < POOLKIND_REGION_MIN || size > SOURCE_SEGMENT_MAX ||
	    (uintptr_t)addr + size < (uintptr_t)addr) {
		error_set(EINVAL,
		    "a region of %zu bytes: it must have from "
		    "%zu to %zu bytes",
		    size, POOLKIND_REGION_MIN, SOURCE_SEGMENT_MAX);
		return NULL;
	}
	return kind_open(open_region,
	    &(struct opening){ .text = options, .region = addr, .size = size });
}

/* The blocks are not looked at: heap_close() resets the arenas, source_close()
 * unmaps the pages. A second close of the same handle, or one of a handle that
 * never was, is a misuse and reported; the record is not touched then. */
EXPORT int
poolkind_close(poolkind *handle)
{
	struct kind *kind;
	unsigned fallen;

	if (handle == NULL)
		return 0;
	kind = kind_unlink(handle, &fallen);
	if (kind == NULL)
		return misuse("%p is not an open kind", (void *)handle);
	if (fallen != 0)
		return error_set(EBUSY,
		    "kind \"%s\" is the fallback of %u open kinds: close "
		    "these first",
		    kind->name, fallen);
	int saved = errno;
	annotate_enter();
	kind_close(kind);
	kind_delete(kind);
	annotate_leave();
	errno = saved;
	return 0;
}
