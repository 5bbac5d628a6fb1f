/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * populate.c - pages of anonymous memory taken at once. See populate.h.
 *
 * With populate=N a range of WORTH bytes or more is divided among N threads,
 * which end before the call does (os_on_threads()): one takes 2 to 4 GiB a
 * second, and most of that is the kernel's clearing of pages. Each runs near
 * the node whose pages it takes, for speed, and as under most policies the
 * kernel takes a page near the thread that wants it:
 *
 *   weights of the kind's own    a slice is taken near the node that it is for
 *   home=                        all is taken near the home
 *   other nodes                  as many parts as nodes, each near one of them
 *   no nodes                     all is taken near the node of the caller
 *
 * A part is cut into pieces, of which a thread takes the next, and when none is
 * left it moves on to another part: so threads end together, and there may be
 * fewer of them than parts. What is left when all have ended, because none
 * could be made, is the caller's to take.
 *
 * Owns nothing. Called under the source's lock, which the threads do not take;
 * that of them each has its own pieces is the work of a counter for each part.
 * Fails as the kernel does, and with ENOMEM where memory.c says no.
 */
#include "source/populate.h"

#include <errno.h>

#include "base/bits.h"
#include "base/page.h"
#include "source/memory.h"
#include "source/policy.h"
#include "source/segment.h"

/* To make a thread and to find its processors takes 0.1 ms, as 0.3 MiB do. */
#define WORTH (16 * MIB)
#define PIECE_MIN (2 * MIB)
#define PARTS_MAX 64

/* By MADV_POPULATE_WRITE of Linux 5.14, or on an older kernel by writing a zero
 * to each page: they are new and hold nothing. */
static int
populate_piece(void *at, size_t bytes)
{
	int error = os_populate(at, bytes);

	if (error != ENOSYS)
		return error;
	for (size_t i = 0; i < bytes; i += system_page())
		((volatile char *)at)[i] = 0;
	return 0;
}

/* Huge pages of the system's pool are no memory that anybody else can take. */
static int
take(struct segment *segment, size_t offset, size_t bytes)
{
	const struct spec *spec = segment->source->spec;
	char *at = segment->base + offset;
	int error = spec->page == SPEC_PAGE_HUGE ?
	    os_populate(at, bytes) :
	    memory_fill(populate_piece, at, bytes);

	return error == 0 && spec_binds(spec) ?
	    os_move_to_nodes(
		at, bytes, source_nodes(segment->source), SPEC_NODES_MAX) :
	    error;
}

/* A range while threads take it. */
struct work {
	struct segment *segment;
	size_t from, end;    /* bytes in the segment */
	size_t piece;        /* cut at multiples of so many */
	size_t first, count; /* pieces */
	unsigned node;       /* where the caller runs */
	unsigned parts;
	_Atomic size_t next[PARTS_MAX]; /* piece of the part, from its first */
	_Atomic int error;
};

/* The pieces of PART: all, of which it takes its own, or a row. */
static size_t
begin_of(const struct work *work, unsigned part)
{
	return policy_place(work->segment, work->from) >= 0 ?
	    0 :
	    work->count * part / work->parts;
}

static size_t
end_of(const struct work *work, unsigned part)
{
	return policy_place(work->segment, work->from) >= 0 ?
	    work->count :
	    work->count * (part + 1) / work->parts;
}

static int
take_piece(const struct work *work, unsigned part, size_t piece)
{
	size_t at = (work->first + piece) * work->piece;
	size_t from = max_size(at, work->from);
	size_t end = min_size(at + work->piece, work->end);
	int place = policy_place(work->segment, from);

	return place >= 0 && (unsigned)place % work->parts != part ?
	    0 :
	    take(work->segment, from, end - from);
}

/* Takes what is left of a part, as other threads do. */
static void
take_part(struct work *work, unsigned part)
{
	size_t begin = begin_of(work, part), end = end_of(work, part), piece;

	while (atomic_load(&work->error) == 0 &&
	    (piece = begin + atomic_fetch_add(&work->next[part], 1)) < end) {
		int error = take_piece(work, part, piece);

		if (error != 0)
			atomic_store(&work->error, error);
	}
}

/* Has the thread run where PART is to be taken. */
static void
go_near(const struct work *work, unsigned part)
{
	const struct source *source = work->segment->source;
	const uint64_t *from = source_nodes(source);
	uint64_t nodes[SPEC_NODES_MAX / 64] = { 0 };
	size_t node = work->node;

	if (source->spec->home_given)
		node = source->spec->home;
	else if (source_has_nodes(source))
		node = bits_find(from, 0, SPEC_NODES_MAX, true);
	for (; part != 0; part--)
		node = bits_find(from, node + 1, SPEC_NODES_MAX, true);
	bits_fill(nodes, node, node + 1, true);
	os_run_near(nodes, SPEC_NODES_MAX);
}

/* What each thread does: its own part first. */
static void
work_on(void *arg, unsigned number)
{
	struct work *work = arg;

	for (unsigned i = 0; i < work->parts; i++) {
		unsigned part = (number + i) % work->parts;

		if (begin_of(work, part) + atomic_load(&work->next[part]) >=
		    end_of(work, part))
			continue;
		go_near(work, part);
		take_part(work, part);
	}
}

static unsigned
count_parts(const struct source *source)
{
	return source->spec->home_given || !source_has_nodes(source) ?
	    1 :
	    (unsigned)min_size(
		bits_count(source_nodes(source), 0, SPEC_NODES_MAX), PARTS_MAX);
}

/* All of it is asked for first: memory_fill() sees one piece at a time. */
static int
populate_on_threads(struct segment *segment, size_t offset, size_t bytes)
{
	const struct spec *spec = segment->source->spec;
	struct work work = {
		.segment = segment,
		.from = offset,
		.end = offset + bytes,
		.piece = max_size(segment->source->granule, PIECE_MIN),
		.node = os_node(),
		.parts = count_parts(segment->source),
	};

	if (spec->page != SPEC_PAGE_HUGE && memory_next(bytes) == 0)
		return ENOMEM;
	work.first = work.from / work.piece;
	work.count = (work.end - 1) / work.piece - work.first + 1;
	os_on_threads(
	    (unsigned)min_size(spec->populate, work.count), work_on, &work);
	for (unsigned part = 0; part < work.parts; part++)
		take_part(&work, part);
	return atomic_load(&work.error);
}

int
populate(struct segment *segment, size_t offset, size_t bytes)
{
	return segment->source->spec->populate > 1 && bytes >= WORTH ?
	    populate_on_threads(segment, offset, bytes) :
	    take(segment, offset, bytes);
}

/* ---- For who has the span ------------------------------------------------ */

/* Whether there is room for what of a range is still to come; ENOMEM. */
static int
check_missing(struct source *source, char *addr, size_t bytes)
{
	uint64_t nodes[SPEC_NODES_MAX / 64] = { 0 }, room;
	size_t there;

	if (os_resident(addr, bytes, &there) != 0 || there == bytes)
		return 0;
	source_add_nodes(source, nodes);
	if (spec_binds(source->spec) &&
	    os_free_on_nodes(nodes, SPEC_NODES_MAX, &room) == 0 &&
	    room < bytes - there)
		return ENOMEM;
	return memory_next(bytes - there) == 0 ? ENOMEM : 0;
}

/* NODES: those of a source that binds, else NULL. */
static int
populate_used(
    struct segment *segment, size_t offset, size_t bytes, const uint64_t *nodes)
{
	char *at = segment->base + offset;
	int error = memory_fill(os_populate_used, at, bytes);

	return error == 0 && nodes != NULL ?
	    os_move_to_nodes(at, bytes, nodes, SPEC_NODES_MAX) :
	    error;
}

/*
 * Pages are taken under "preferred" and bound again, as policy.c says; but what
 * is not bound was in a fork, and stays so, and what a fork found "preferred"
 * meanwhile. Where the source was moved meanwhile they are looked at again, as
 * they may be on the old nodes. The lock is not held while pages are taken, as
 * other threads do the same; but it is for a piece that shares a granule with
 * another span, which one of them could bind too early.
 */
static int
populate_bound(struct segment *segment, size_t offset, size_t bytes)
{
	struct source *source = segment->source;
	size_t from = align_down(offset, source->granule);
	size_t end = align_up(offset + bytes, source->granule);
	bool whole = end - from == bytes, bound;
	uint64_t nodes[SPEC_NODES_MAX / 64];
	unsigned forks, moves;
	int error;

	lock_take(&source->lock);
	forks = source->forks;
	bound = policy_is_bound(segment, from, end - from);
	error = bound ? policy_prefer(segment, from, end - from) : 0;
	do {
		moves = source->moves;
		__builtin_memcpy(nodes, source_nodes(source), sizeof(nodes));
		if (whole)
			lock_give(&source->lock);
		if (error == 0 || os_is_refused(error))
			error = populate_used(segment, offset, bytes, nodes);
		if (whole)
			lock_take(&source->lock);
	} while (error == 0 && source->moves != moves);
	if (bound && source->forks == forks)
		policy_bind(segment, from, end - from);
	lock_give(&source->lock);
	return error;
}

/* Space in files, and huge pages, were taken when the span was handed out. */
static int
populate_step(struct segment *segment, size_t offset, size_t bytes)
{
	const struct spec *spec = segment->source->spec;
	char *at = segment->base + offset;
	size_t there;

	if (!spec_is_anonymous(spec) || spec->page == SPEC_PAGE_HUGE)
		return os_populate_used(at, bytes);
	if (os_resident(at, bytes, &there) == 0 && there == bytes)
		return 0;
	return spec_binds(spec) ? populate_bound(segment, offset, bytes) :
				  populate_used(segment, offset, bytes, NULL);
}

size_t
source_populate_step(const struct source *source)
{
	return max_size(source->granule, PIECE_MIN);
}

int
source_populate(struct source *source, void *addr, size_t bytes)
{
	const struct spec *spec = source->spec;
	size_t step = source_populate_step(source), offset, piece;
	struct segment *segment;
	int error = 0;

	lock_take(&source->lock);
	segment = segment_of(source, addr);
	lock_give(&source->lock);
	if (spec_is_anonymous(spec) && spec->page != SPEC_PAGE_HUGE)
		error = check_missing(source, addr, bytes);
	offset = (size_t)((char *)addr - segment->base);
	for (; bytes != 0 && error == 0; offset += piece, bytes -= piece) {
		piece = min_size(bytes, step - offset % step);
		error = populate_step(segment, offset, piece);
	}
	return error;
}
