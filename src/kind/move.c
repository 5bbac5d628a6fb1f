/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * move.c - pages of kinds and blocks that go to other nodes. See poolkind.h.
 *
 * The work is source/move.c's, piece by piece, and under no lock of this file:
 * between two pieces others use the kind, and a move that has a rate waits
 * here. A kind says while one thread moves it (moving), and refuses a second
 * one. Fails with errno and a sentence; what was moved by then stays moved.
 */
#include <errno.h>
#include <string.h>

#include "base/annotate.h"
#include "base/error.h"
#include "kind/move_to.h"
#include "spec/writer.h"

struct move {
	struct kind *kind;
	const char *to; /* for people */
	size_t rate;
	uint64_t begin;
	struct source_moving moving;
	uint64_t nodes[SPEC_NODES_MAX / 64]; /* all that pages may be on then */
};

/* ---- Sentences ----------------------------------------------------------- */

static int
refused(const struct move *move, int error)
{
	if (error == EINVAL || error == ENODEV)
		return error_set(ENODEV,
		    "kind \"%s\" cannot be moved to \"%s\": one of the nodes "
		    "%s does not exist, has no memory or is not allowed to "
		    "this "
		    "process",
		    move->kind->name, move->to, nodes_text(move->nodes).text);
	if (os_is_refused(error))
		return error_set(EPERM,
		    "kind \"%s\" cannot be moved: this process may not say "
		    "where pages are (mbind(2), move_pages(2))",
		    move->kind->name);
	return error_set_system(
	    error, "kind \"%s\" cannot be moved", move->kind->name);
}

struct pages_text {
	char text[40];
};

/* What the nodes lack: "free pages", "free huge pages of 2M". */
static struct pages_text
free_pages(const struct kind *kind)
{
	size_t huge = source_huge_page(kind_source(kind));
	struct pages_text pages = { "" };
	struct writer to = { pages.text, sizeof(pages.text), 0 };

	write_text(&to, huge == 0 ? "free pages" : "free huge pages of ");
	if (huge != 0)
		write_size(&to, huge);
	return pages;
}

/* 0 where all pages are where they are to be. */
static int
answer(const struct move *move)
{
	const struct os_moved *moved = &move->moving.moved;

	if (move->moving.error != 0)
		return refused(move, move->moving.error);
	if (moved->full != 0)
		return error_set(ENOMEM,
		    "kind \"%s\": %zu bytes stayed where they were, as the "
		    "nodes %s have no %s for them",
		    move->kind->name, os_stayed(moved),
		    nodes_text(move->nodes).text, free_pages(move->kind).text);
	if (moved->shared != 0)
		return error_set(EBUSY,
		    "kind \"%s\": %zu bytes stayed where they were, as another "
		    "process has them, too, since a fork",
		    move->kind->name, os_stayed(moved));
	if (moved->busy != 0)
		return error_set(EBUSY,
		    "kind \"%s\": %zu bytes stayed where they were, as the "
		    "kernel or a device is using them",
		    move->kind->name, os_stayed(moved));
	return 0;
}

/* ---- Moving -------------------------------------------------------------- */

static void
keep_rate(const struct move *move)
{
	os_keep_rate(move->begin, move->moving.moved.moved, move->rate);
}

/* A function that is told of the kind's memory has all of it withdrawn while
 * pages move, as a device may not follow them. Returns whether there is one. */
static bool
map_begin(struct kind *kind)
{
	bool given = map_is_given(kind);

	annotate_enter();
	if (given)
		map_before_move(kind);
	annotate_leave();
	return given;
}

/* RESULT, or the error that the function refused what it had before. */
static int
map_resume(struct kind *kind, bool given, int result)
{
	bool told;

	annotate_enter();
	told = !given || map_after_move(kind);
	annotate_leave();
	return told ? result :
		      error_set(ENOMEM,
			  "kind \"%s\": the function of poolkind_on_map() "
			  "refused memory that the kind has, after a move",
			  kind->name);
}

/* All heaps are placed first, so that nothing comes from the old nodes while
 * their pages are moved; and moved also after a failure, which leaves policies
 * to be settled. */
static int
move_heaps(struct move *move, const struct move_to *to)
{
	int error = 0;

	annotate_enter();
	for (unsigned i = 0; i < to->heaps && error == 0; i++)
		error = source_place(kind_heap(move->kind, i)->source,
		    to->nodes == NULL ? NULL : to->nodes[i]);
	marks_forget_around(&move->kind->marks);
	kind_add_nodes(move->kind, move->nodes);
	annotate_leave();
	for (unsigned i = 0; i < to->heaps; i++) {
		bool more = true;

		move->moving.segment = NULL;
		while (more) {
			annotate_enter();
			more = source_move_some(
			    kind_heap(move->kind, i)->source, &move->moving);
			annotate_leave();
			keep_rate(move);
		}
	}
	marks_forget_around(&move->kind->marks);
	return error != 0 ? refused(move, error) : answer(move);
}

/* The heap that the block is of, among those that have a place; one that came
 * by a fork has that of the first. */
static unsigned
heap_of(const struct kind *kind, const struct block *block)
{
	for (unsigned i = 0; i < kind_heaps(kind); i++)
		if (kind_heap(kind, i) == block->heap)
			return i;
	return 0;
}

static int
move_block(struct move *move, const struct move_to *to, const void *ptr,
    const struct block *block)
{
	struct source *source = block->heap->source;
	char *at = (char *)(uintptr_t)ptr, *end = at + block->usable;

	if (to->nodes == NULL)
		source_add_nodes(source, move->nodes);
	else
		memcpy(move->nodes, to->nodes[heap_of(move->kind, block)],
		    sizeof(move->nodes));
	if (bits_find(move->nodes, 0, SPEC_NODES_MAX, true) == SPEC_NODES_MAX)
		return 0;
	while (at < end && move->moving.error == 0) {
		annotate_enter();
		at = source_move_range(
		    source, at, end, move->nodes, &move->moving);
		annotate_leave();
		keep_rate(move);
	}
	return answer(move);
}

/* ---- The interface ------------------------------------------------------- */

static int
check(const struct kind *kind, const struct source *source,
    const struct poolkind_moved *moved, size_t moved_size)
{
	const char *what = source_not_movable(source);

	if (map_is_telling(kind))
		return -1;
	if (moved != NULL && moved_size == 0)
		return error_set(EINVAL,
		    "what was moved needs a place of %zu bytes, got %zu at %p",
		    sizeof(*moved), moved_size, (const void *)moved);
	if (what != NULL)
		return error_set(
		    EOPNOTSUPP, "kind \"%s\" is %s", kind->name, what);
	if (source_refused(source))
		return error_set(EPERM,
		    "this process is a child that was refused kind \"%s\"",
		    kind->name);
	return 0;
}

static void
tell(const struct os_moved *from, struct poolkind_moved *moved, size_t size)
{
	const struct poolkind_moved all = { .moved = from->moved,
		.there = from->there,
		.full = from->full,
		.shared = from->shared,
		.busy = from->busy,
		.absent = from->absent };

	if (moved != NULL)
		copy_out(moved, size, &all, sizeof(all));
}

static struct move
move_of(struct kind *kind, const char *to, size_t rate)
{
	return (struct move){ .kind = kind,
		.to = to == NULL ? "home" : to,
		.rate = rate,
		.begin = os_now_ns() };
}

/* The result of a move that has ended, with what it came to told. */
static int
end_move(const struct move *move, struct move_to *to, int result,
    struct poolkind_moved *moved, size_t moved_size, int saved)
{
	move_to_free(to);
	tell(&move->moving.moved, moved, moved_size);
	if (result == 0)
		errno = saved;
	return result;
}

EXPORT int
poolkind_move(poolkind *handle, const char *text, size_t rate,
    struct poolkind_moved *moved, size_t moved_size)
{
	struct kind *kind = kind_of(handle);
	int saved = errno, result;
	struct move_to to;
	struct move move;
	bool given;

	if (kind == NULL ||
	    check(kind, kind_source(kind), moved, moved_size) != 0 ||
	    move_to_find(kind, text, &to) != 0)
		return -1;
	if (atomic_exchange(&kind->moving, true)) {
		move_to_free(&to);
		return error_set(EBUSY,
		    "kind \"%s\" is being moved by another thread", kind->name);
	}
	move = move_of(kind, text, rate);
	given = map_begin(kind);
	result = map_resume(kind, given, move_heaps(&move, &to));
	atomic_store(&kind->moving, false);
	return end_move(&move, &to, result, moved, moved_size, saved);
}

EXPORT int
poolkind_move_block(void *ptr, const char *text, size_t rate,
    struct poolkind_moved *moved, size_t moved_size)
{
	int saved = errno, result;
	struct block block;
	struct move_to to;
	struct kind *kind;
	struct move move;
	bool given;

	if (ptr == NULL)
		return misuse("NULL is not a block of any kind");
	if (!kind_block_of(ptr, &block))
		return -1;
	kind = kind_of_heap(block.heap);
	if (check(kind, block.heap->source, moved, moved_size) != 0 ||
	    move_to_find(kind, text, &to) != 0)
		return -1;
	move = move_of(kind, text, rate);
	given = map_begin(kind);
	result = map_resume(kind, given, move_block(&move, &to, ptr, &block));
	return end_move(&move, &to, result, moved, moved_size, saved);
}
