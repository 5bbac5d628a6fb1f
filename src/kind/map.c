/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * map.c - the program's function that is told of memory as a kind gets and
 * loses it. See poolkind.h.
 *
 * Which memory it knows of is source/told.c's. Here is when it is called: no
 * block is handed out that lies in memory that it was not told of.
 *
 * 1. A thread's cache has blocks that were handed out before, or that the
 *    thread took from the heap in a call that ends here, in map_tell(). So the
 *    quick paths, which take from there, need no test.
 * 2. Memory is untold from when it is committed, under the source's lock, which
 *    is before an arena has it, and so before any thread takes a block of
 *    it. It counts so until the function has returned. So a
 *    thread that takes a block finds a count that is not 0, or the function was
 *    told.
 * 3. Where the function refuses, the block goes back, unless it lies in other
 *    memory, and caches and depots are emptied, also of other threads. What is
 *    taken again is taken as in 1.
 *
 * What the function knows of the source does not give back by itself, but only
 * here, where it is told before: when the kind is trimmed, has no room, or has
 * kept free memory for as long as it is to. No request is answered NULL while
 * another thread does that.
 *
 * Owns a lock for each kind, held while its function is called: calls for one
 * kind come one after the other. It is above all locks of the engine, none of
 * which is held then. A call that comes out of the function is refused with
 * EDEADLK. A fork does not take it. The child, by whatever call it was made,
 * has no such function: what its parent registered is the parent's. The stamp
 * of the process tells, source/withhold.c.
 */
#include <errno.h>

#include "arena/allocate.h"
#include "arena/background.h"
#include "base/annotate.h"
#include "base/error.h"
#include "kind/kind.h"
#include "kind/kinds.h"

/* What is there already is told of in pieces, so that some may go again. */
#define PIECE (32 * MIB)

/* The kinds whose functions the thread is in: one may use another kind. */
struct telling {
	const struct kind *kind;
	const struct telling *outer;
};
static _Thread_local const struct telling *telling
    __attribute__((tls_model("initial-exec")));

static bool
is_telling(const struct kind *kind)
{
	const struct telling *at = telling;

	while (at != NULL && at->kind != kind)
		at = at->outer;
	return at != NULL;
}

bool
map_is_given(const struct kind *kind)
{
	uint32_t stamp = atomic_load(&kind->on_map.given);

	return unlikely(stamp != 0) && stamp == sources_stamp();
}

bool
map_is_telling(const struct kind *kind)
{
	if (likely(!is_telling(kind)))
		return false;
	error_set(EDEADLK,
	    "kind \"%s\" is used by its function of poolkind_on_map()",
	    kind->name);
	return true;
}

/* Under valgrind its lock is held by who allocates: see full.c. */
static bool
call(struct kind *kind, const struct source_run *run, int what)
{
	const struct telling here = { kind, telling };
	bool taken;

	telling = &here;
	annotate_leave();
	taken = kind->on_map.call(kind->on_map.arg, kind->handle, run->addr,
		    run->bytes, what) == 0;
	annotate_enter();
	telling = here.outer;
	return taken;
}

/* Tells of all that is untold. Under the lock, as the functions below. */
static bool
tell_untold(struct kind *kind, size_t most)
{
	struct source_run run;

	for (unsigned i = 0; i < kind_heaps(kind); i++) {
		struct source *source = kind_heap(kind, i)->source;

		while (source_next_untold(source, most, &run)) {
			if (!call(kind, &run, POOLKIND_GETS_MEMORY)) {
				source_decline(source, &run);
				return false;
			}
			source_accept(source, &run);
		}
	}
	return true;
}

/* Tells that all is lost that was told. */
static void
tell_lost(struct kind *kind)
{
	for (unsigned i = 0; i < kind_heaps(kind); i++) {
		struct source *source = kind_heap(kind, i)->source;
		struct source_run run = { 0 };

		while (source_next_told(source, false, &run))
			call(kind, &run, POOLKIND_LOSES_MEMORY);
	}
}

/* What is free of a source that tells goes back by map_decay(), and else as
 * anything that waits. */
static void
set_telling(struct kind *kind, bool tells)
{
	for (unsigned i = 0; i < kind_heaps(kind); i++) {
		struct heap *heap = kind_heap(kind, i);

		source_tell(heap->source, tells);
		if (!tells)
			heap_note_waiting(heap);
	}
}

static size_t
untold(const struct kind *kind)
{
	size_t bytes = 0;

	for (unsigned i = 0; i < kind_heaps(kind); i++)
		bytes += source_untold(kind_heap(kind, i)->source);
	return bytes;
}

void
map_empty(struct kind *kind)
{
	for (unsigned i = 0; i < kind_heaps(kind); i++)
		heap_trim(kind_heap(kind, i));
}

bool
map_tell(struct kind *kind)
{
	bool told;

	if (untold(kind) == 0)
		return true;
	lock_take(&kind->on_map.lock);
	told = kind->on_map.call == NULL || tell_untold(kind, 0);
	lock_give(&kind->on_map.lock);
	return told;
}

/* Under the lock, so that nobody is in the midst of being told of it. */
bool
map_knows(struct kind *kind, const void *ptr)
{
	struct block block = block_lookup(ptr);
	bool knows;

	lock_take(&kind->on_map.lock);
	knows = kind->on_map.call == NULL ||
	    source_is_told(block.heap->source, ptr, block.usable);
	lock_give(&kind->on_map.lock);
	return knows;
}

/* Under the lock. */
static void
give_back(struct kind *kind)
{
	uint64_t turns = atomic_fetch_add(&kind->on_map.turns, 1);
	bool any = false;

	for (unsigned i = 0; i < kind_heaps(kind); i++) {
		struct source *source = kind_heap(kind, i)->source;
		struct source_run run = { 0 };

		while (source_next_told(source, true, &run)) {
			if (kind->on_map.call != NULL)
				call(kind, &run, POOLKIND_LOSES_MEMORY);
			source_drop(source, &run);
			any = true;
		}
	}
	atomic_store(&kind->on_map.turns, any ? turns + 2 : turns);
}

void
map_give_back(struct kind *kind)
{
	if (!map_is_given(kind) || is_telling(kind))
		return;
	lock_take(&kind->on_map.lock);
	give_back(kind);
	lock_give(&kind->on_map.lock);
}

uint64_t
map_look(const struct kind *kind)
{
	return atomic_load(&kind->on_map.turns);
}

/*
 * What a thread gives back is in nobody's reach until the function has been
 * told, so a request may find no room for it. TURNS was then odd when the
 * request began, or is more now. Once what is free was given back and TURNS has
 * stayed the same since, nothing was on its way, and the kind is full.
 */
bool
map_makes_room(struct kind *kind, uint64_t *turns, bool first)
{
	uint64_t before = *turns;

	if (!map_is_given(kind) || is_telling(kind))
		return false;
	lock_take(&kind->on_map.lock);
	if (first)
		give_back(kind);
	*turns = map_look(kind);
	lock_give(&kind->on_map.lock);
	return *turns != before;
}

void
map_decay(struct kind *kind)
{
	bool over = false;

	for (unsigned i = 0; i < kind_heaps(kind); i++)
		over |= source_is_idle(kind_heap(kind, i)->source);
	if (over)
		map_give_back(kind);
}

/* Nobody is called any more. */
static void
take_away(struct kind *kind)
{
	if (kind->on_map.call != NULL)
		tell_lost(kind);
	atomic_store(&kind->on_map.given, 0);
	kind->on_map.call = NULL;
	set_telling(kind, false);
}

void
map_end(struct kind *kind)
{
	if (map_is_given(kind))
		take_away(kind);
}

void
map_before_move(struct kind *kind)
{
	lock_take(&kind->on_map.lock);
	if (kind->on_map.call == NULL)
		return;
	tell_lost(kind);
	set_telling(kind, true);
}

bool
map_after_move(struct kind *kind)
{
	bool told = kind->on_map.call == NULL || tell_untold(kind, PIECE);

	lock_give(&kind->on_map.lock);
	return told;
}

/* GIVEN before the sources begin to count what is untold: a thread that takes
 * memory after that sees it. */
static int
give(struct kind *kind, poolkind_map_function *told, void *arg)
{
	kind->on_map.call = told;
	kind->on_map.arg = arg;
	atomic_store(&kind->on_map.given, sources_stamp());
	set_telling(kind, true);
	if (tell_untold(kind, PIECE))
		return 0;
	take_away(kind);
	return error_set(ENOMEM,
	    "kind \"%s\": the function of poolkind_on_map() refused memory "
	    "that the kind has",
	    kind->name);
}

/* In a child of clone(2), which ran no handler. */
static void
forget_parent(struct kind *kind)
{
	sources_watch();
	kinds_hold();
	if (atomic_load(&kind->on_map.given) != 0 && !map_is_given(kind)) {
		kind->on_map.lock = (struct lock)LOCK_INIT;
		kind->on_map.call = NULL;
		atomic_store(&kind->on_map.turns, 0);
		atomic_store(&kind->on_map.given, 0);
	}
	kinds_release();
}

EXPORT int
poolkind_on_map(poolkind *handle, poolkind_map_function *told, void *arg)
{
	struct kind *kind = kind_of(handle);
	int result = 0;

	if (kind == NULL || map_is_telling(kind))
		return -1;
	if (source_refused(kind_source(kind)) && told != NULL)
		return error_set(EPERM,
		    "kind \"%s\" (%s) is not for the child of a fork",
		    kind->name, kind->text);
	if (source_is_mapped_anew(kind_source(kind)) && told != NULL)
		return error_set(ENOTSUP,
		    "kind \"%s\" (%s): a fork maps its memory anew, of which "
		    "nobody could be told",
		    kind->name, kind->text);
	annotate_enter();
	forget_parent(kind);
	lock_take(&kind->on_map.lock);
	if (kind->on_map.call != NULL)
		take_away(kind);
	if (told != NULL)
		result = give(kind, told, arg);
	lock_give(&kind->on_map.lock);
	annotate_leave();
	return result;
}
