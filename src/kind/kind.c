/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kind.c - what can be asked of a kind, and told it. See poolkind.h.
 *
 * Owns nothing and takes no lock: heaps and sources have their own. The life of
 * a kind is in open.c, its blocks are in allocate.c.
 *
 * Every function begins by kind_of(), which answers NULL and handles of closed
 * kinds as a misuse, and then works on the record without a lock: the caller
 * guarantees that nobody closes the kind meanwhile (poolkind.h). Those that
 * enter the engine put annotate_enter() and annotate_leave() around that, the
 * one lock that valgrind's tools need, and restore errno, which system calls
 * below may have changed, since success leaves errno alone.
 *
 * A kind of scope local is asked heap by heap, so what is answered of it is of
 * no one moment; neither is it of one heap while other threads use it.
 */
#include "kind/kind.h"

#include <errno.h>
#include <string.h>

#include "arena/decay.h"
#include "arena/heaps.h"
#include "arena/home.h"
#include "arena/print.h"
#include "base/annotate.h"
#include "base/error.h"
#include "base/page.h"
#include "kind/facade.h"
#include "kind/machine.h"

EXPORT const char *
poolkind_name(const poolkind *handle)
{
	struct kind *kind = kind_of(handle);

	return kind == NULL ? NULL : kind->name;
}

EXPORT const char *
poolkind_text(const poolkind *handle)
{
	struct kind *kind = kind_of(handle);

	return kind == NULL ? NULL : kind->text;
}

EXPORT const char *
poolkind_resolved(const poolkind *handle)
{
	struct kind *kind = kind_of(handle);

	return kind == NULL ? NULL : kind->resolved;
}

EXPORT poolkind *
poolkind_fallback(const poolkind *handle)
{
	struct kind *kind = kind_of(handle);

	return kind == NULL || kind->fallback == NULL ? NULL :
							kind->fallback->handle;
}

EXPORT void
poolkind_place(const poolkind *handle, unsigned node, struct kind_place *place)
{
	struct kind *kind = kind_of(handle);
	const struct spec *spec;
	struct source *source;

	memset(place, 0, sizeof(*place));
	if (kind == NULL)
		return;
	source = kind_heap_of(kind, node)->source;
	spec = source_spec(source);
	if (!source_add_nodes(source, place->nodes))
		memcpy(place->weights, spec->weights, sizeof(place->weights));
	place->by_page = spec->policy == SPEC_WEIGHTED &&
	    (spec->weights[0] == 0 || spec->weights_by_page);
}

EXPORT void
poolkind_set_user_data(poolkind *handle, void *data)
{
	struct kind *kind = kind_of(handle);

	if (kind != NULL)
		atomic_store(&kind->user_data, data);
}

EXPORT void *
poolkind_user_data(const poolkind *handle)
{
	struct kind *kind = kind_of(handle);

	return kind == NULL ? NULL : atomic_load(&kind->user_data);
}

EXPORT void
poolkind_set_report(void (*report)(void *arg, const char *sentence), void *arg)
{
	misuse_report_to(report, arg);
}

/* ---- Limit, trim, check -------------------------------------------------- */

/* Of a kind of scope local the size is a limit as well (open_heaps.c), which
 * stays whatever the program sets. */
static size_t
with_size(const struct kind *kind, size_t limit)
{
	const struct spec *spec = source_spec(kind_source(kind));

	if (kind->local == NULL || spec->size == 0 || spec->grow)
		return limit;
	return limit == 0 ? spec->size : min_size(limit, spec->size);
}

/*
 * The limit is enforced where memory is committed, in the source's account. The
 * heaps are told too, since their quota follows from it: what thread caches
 * hold is committed memory that no other thread can have. Where more is
 * committed than the new limit allows, the kind is trimmed; what live blocks
 * take stays, and nothing is handed out until the program has freed enough.
 */
EXPORT int
poolkind_set_limit(poolkind *handle, size_t limit)
{
	struct kind *kind = kind_of(handle);
	int saved = errno;

	if (kind == NULL)
		return -1;
	limit = with_size(kind, limit);
	annotate_enter();
	source_set_limit(kind_source(kind), limit);
	kind_limit_changed(kind, limit);
	if (source_is_over_limit(kind_source(kind)))
		poolkind_trim(handle);
	annotate_leave();
	errno = saved;
	return 0;
}

/* Top down, as free memory lies (arena/structures.h): thread caches are emptied
 * into the arenas, free extents of the arenas go back to the source, and then
 * the source decommits every page that is in no span. */
EXPORT int
poolkind_trim(poolkind *handle)
{
	struct kind *kind = kind_of(handle);
	int saved = errno;

	if (kind == NULL)
		return -1;
	annotate_enter();
	for (unsigned i = 0; i < kind_heaps(kind); i++)
		heap_trim(kind_heap(kind, i));
	map_give_back(kind);
	annotate_leave();
	errno = saved;
	return 0;
}

/* What housekeeping does for all heaps from time to time, for this kind and
 * now: a facade with a thread of its own calls it for kinds that the program
 * does not use (memkind/background.c). */
EXPORT void
poolkind_decay(poolkind *handle)
{
	struct kind *kind = kind_of(handle);
	int saved = errno;

	if (kind == NULL)
		return;
	annotate_enter();
	for (unsigned i = 0; i < kind_heaps(kind); i++)
		heap_decay(kind_heap(kind, i));
	annotate_leave();
	errno = saved;
}

/*
 * Two checks for each heap: that the source's page maps agree with its counters
 * (source_check(), a piece at a time, so that others can go on), and that what
 * the arenas hold is as much as the source has handed out, for which
 * heap_is_sound() keeps all threads out of the arenas.
 */
EXPORT int
poolkind_check(poolkind *handle)
{
	struct kind *kind = kind_of(handle);
	int saved = errno, result = 0;

	if (kind == NULL)
		return -1;
	annotate_enter();
	for (unsigned i = 0; i < kind_heaps(kind) && result == 0; i++) {
		struct heap *heap = kind_heap(kind, i);

		result = source_check(heap->source);
		if (result == 0 && !heap_is_sound(heap))
			result = error_set(EIO,
			    "kind \"%s\": its arenas do not hold "
			    "what was handed out to them",
			    kind->name);
	}
	annotate_leave();
	if (result == 0)
		errno = saved;
	return result;
}

/* ---- Where its memory is ------------------------------------------------- */

static int
no_node_bytes(const size_t *bytes, unsigned nodes)
{
	return error_set(EINVAL,
	    "bytes by node need a place of a number for each node, got one "
	    "for %u at %p",
	    nodes, (const void *)bytes);
}

EXPORT int
poolkind_get_node_bytes(poolkind *handle, size_t *bytes, unsigned nodes)
{
	struct kind *kind = kind_of(handle);
	int saved = errno;

	if (kind == NULL)
		return -1;
	if (bytes == NULL || nodes == 0)
		return no_node_bytes(bytes, nodes);
	memset(bytes, 0, nodes * sizeof(*bytes));
	annotate_enter();
	for (unsigned i = 0; i < kind_heaps(kind); i++)
		source_count_on_nodes(kind_heap(kind, i)->source, bytes, nodes);
	annotate_leave();
	errno = saved;
	return 0;
}

/* Where the spec names no nodes the kernel places the pages of dram as the
 * process's policy says; those of files and devices are not chosen at all. */
EXPORT int
poolkind_get_nodes(const poolkind *handle, unsigned long *mask, unsigned nodes)
{
	struct kind *kind = kind_of(handle);
	uint64_t found[SPEC_NODES_MAX / 64] = { 0 };
	int saved = errno, error;

	if (kind == NULL)
		return -1;
	if (mask == NULL || nodes == 0 || nodes % 64 != 0)
		return error_set(EINVAL,
		    "a mask of nodes needs a place of a multiple of 64 bits, "
		    "got %u at %p",
		    nodes, (void *)mask);
	kind_add_nodes(kind, found);
	if (bits_find(found, 0, SPEC_NODES_MAX, true) == SPEC_NODES_MAX) {
		error = os_allowed_nodes(found, SPEC_NODES_MAX);
		if (error != 0)
			return error_set_system(
			    error, "the nodes of the process are not known");
	}
	memset(mask, 0, nodes / 8);
	memcpy(mask, found, min_size(nodes, SPEC_NODES_MAX) / 8);
	errno = saved;
	return 0;
}

/* Counts whole pages, as the kernel does: small blocks share theirs with
 * others. What the kernel does not tell counts for no node. */
EXPORT int
poolkind_block_nodes(const void *ptr, size_t *bytes, unsigned nodes)
{
	struct block block;
	const size_t page = system_page();
	char *from = (char *)align_down((uintptr_t)ptr, page);
	char *end;
	int saved = errno;

	if (bytes == NULL || nodes == 0)
		return no_node_bytes(bytes, nodes);
	if (!kind_block_of(ptr, &block))
		return -1;
	memset(bytes, 0, nodes * sizeof(*bytes));
	end = (char *)align_up((uintptr_t)ptr + block.usable, page);
	os_count_on_nodes(from, (size_t)(end - from), bytes, nodes);
	errno = saved;
	return 0;
}

/*
 * The kind is what the source names as its owner, not kind_of_heap(): this may
 * be called in a signal handler and while another thread closes the kind, when
 * the heap that was found may be gone and must not be followed (lookup.h). For
 * the same reason no misuse is reported and neither errno nor the sentence is
 * set.
 */
EXPORT int
poolkind_block_at(const void *address, struct poolkind_block *result)
{
	void *start, *owner;
	struct block block;

	*result = (struct poolkind_block){ NULL, NULL, 0 };
	if (!block_lookup_around(address, &block, &start, &owner))
		return -1;
	*result = (struct poolkind_block){ owner, start, block.usable };
	return 0;
}

EXPORT void *
poolkind_base(const poolkind *handle)
{
	struct kind *kind = kind_of(handle);

	return kind == NULL ? NULL : source_base(kind_source(kind));
}

EXPORT size_t
poolkind_extent(const poolkind *handle)
{
	struct kind *kind = kind_of(handle);

	return kind == NULL ? 0 : source_extent(kind_source(kind));
}

EXPORT void
poolkind_print(poolkind *handle, unsigned omit,
    void (*write)(void *to, const char *text), void *to)
{
	struct kind *kind = kind_of(handle);

	if (kind == NULL)
		return;
	annotate_enter();
	for (unsigned i = 0; i < kind_heaps(kind); i++)
		heap_print(kind_heap(kind, i), omit, write, to);
	annotate_leave();
}

/*
 * From poolkind_quiet() to poolkind_loud() the thread holds valgrind's lock,
 * which nests. So annotate_quiet, which is one for all threads, is raised for
 * this thread alone: any other waits before it can announce a block, or fail to
 * announce one. Without valgrind neither does anything.
 */
EXPORT void
poolkind_quiet(void)
{
	annotate_enter();
	if (annotate_is_on())
		annotate_quiet++;
}

EXPORT void *
poolkind_loud(void *ptr)
{
	if (annotate_is_on())
		annotate_quiet--;
	annotate_leave();
	return ptr;
}

EXPORT poolkind *
poolkind_of(const void *address)
{
	return source_owner_of(address);
}

/* A facade that has cache.h inlined takes blocks by this id. The debug library
 * must see every block come and go, so there it gets the id without caches, and
 * each of its calls ends up in allocate.c. */
EXPORT unsigned
poolkind_id(const poolkind *handle)
{
#ifdef POOLKIND_DEBUG
	(void)handle;
	return NO_HEAP;
#else
	return kind_id(handle);
#endif
}

EXPORT unsigned
poolkind_likely_id(const void *ptr)
{
	return DEBUGGING ? NO_HEAP : home_of(ptr);
}

/* For a facade that does not know whether the pointer is the engine's, as those
 * in malloc's place do not: unlike kind_block_of() this is no misuse if it is
 * not, and the debug library's account is not asked. */
EXPORT bool
poolkind_block_of(const void *ptr, poolkind **kind, size_t *usable)
{
	struct block block = block_lookup(ptr);

	if (block.heap == NULL)
		return false;
	*kind = kind_of_heap(block.heap)->handle;
	*usable = block.usable;
	return true;
}

/* The first error of any heap: a kind of which one heap cannot be copied is as
 * good as refused, as far as the caller is concerned. */
EXPORT int
poolkind_fork_error(const poolkind *handle, enum spec_fork *policy)
{
	const struct kind *kind = kind_of(handle);
	int error = kind == NULL ? EINVAL : 0;

	for (; kind != NULL && error == 0; kind = kind->fallback)
		for (unsigned i = 0; i < kind_heaps(kind) && error == 0; i++) {
			error = source_fork_error(kind_heap(kind, i)->source);
			if (error != 0)
				*policy = source_fork_policy(kind_source(kind));
		}
	return error;
}

EXPORT bool
poolkind_is_refused(const poolkind *handle)
{
	const struct kind *kind = kind_of(handle);

	while (kind != NULL && !source_refused(kind_source(kind)))
		kind = kind->fallback;
	return kind != NULL;
}

EXPORT const char *
poolkind_errormsg(void)
{
	return error_text();
}

EXPORT unsigned
poolkind_version(void)
{
	return POOLKIND_VERSION_MAJOR << 16 | POOLKIND_VERSION_MINOR << 8 |
	    POOLKIND_VERSION_PATCH;
}
