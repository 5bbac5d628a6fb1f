/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * room.c - how much a kind could still hand out. See poolkind.h.
 *
 * Owns nothing and takes no lock of its own. What is answered is of no one
 * moment: blocks come and go meanwhile, and other processes take memory.
 */
#include <errno.h>
#include <string.h>

#include "arena/heaps.h"
#include "base/annotate.h"
#include "base/error.h"
#include "kind/kind.h"

/* What the kind has in blocks, has committed, and may have at most. */
struct account {
	size_t live, committed, bound;
};

static size_t
less(size_t a, size_t b)
{
	return a > b ? a - b : 0;
}

/* Limit and size bound all heaps of a kind together, and each source tells the
 * same (add_heap() in kind.c). */
static struct account
account_of(struct kind *kind)
{
	struct account account = { 0, 0, SIZE_MAX };

	for (unsigned i = 0; i < kind_heaps(kind); i++) {
		struct heap *heap = kind_heap(kind, i);
		struct source_stats source;
		struct heap_stats stats;

		heap_stats(heap, &stats);
		source_stats(heap->source, &source, false);
		account.live += stats.live;
		account.committed += source.committed;
		account.bound = min_size(account.bound, source_bound(&source));
	}
	return account;
}

/* What is committed and in no block can be had whatever file system and nodes
 * have; what they have comes on top, as far as limit and size go. */
static void
fill(struct kind *kind, struct poolkind_room *room)
{
	struct account account = account_of(kind);
	size_t idle = less(account.committed, account.live), more;
	uint64_t nodes[SPEC_NODES_MAX / 64] = { 0 };
	struct source_room around;

	kind_add_nodes(kind, nodes);
	source_room(kind_source(kind), nodes, &around);
	more = min_size(around.file_system, around.nodes);
	room->kind = account.bound == SIZE_MAX ?
	    SIZE_MAX :
	    less(account.bound, account.live);
	room->file_system = around.file_system;
	room->nodes = around.nodes;
	room->available = min_size(
	    room->kind, more > SIZE_MAX - idle ? SIZE_MAX : idle + more);
}

EXPORT int
poolkind_get_room(
    poolkind *handle, struct poolkind_room *room, size_t room_size)
{
	struct kind *kind = kind_of(handle);
	struct poolkind_room all = { 0 };
	int saved = errno;

	if (kind == NULL)
		return -1;
	if (room == NULL || room_size == 0)
		return error_set(EINVAL,
		    "the room of a kind needs a place of %zu bytes, got %zu at "
		    "%p",
		    sizeof(all), room_size, (void *)room);
	annotate_enter();
	if (!source_refused(kind_source(kind)))
		fill(kind, &all);
	annotate_leave();
	copy_out(room, room_size, &all, sizeof(all));
	errno = saved;
	return 0;
}
