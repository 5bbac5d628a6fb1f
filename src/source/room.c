/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * room.c - what is free around a source: in its file system, on its nodes. See
 * source.h.
 *
 * Owns nothing. Takes the source's lock for a moment, and asks the system
 * without it. Cannot fail: what cannot be read sets no bound.
 */
#include <string.h>

#include "base/bits.h"
#include "source/capacity.h"
#include "source/segment.h"

static size_t
least(size_t bytes, uint64_t other)
{
	return other < bytes ? (size_t)other : bytes;
}

/* What the machine and the process's memory cgroups have to spare, all of it
 * counted. */
static size_t
memory_room(void)
{
	struct os_memory_room room;

	return os_memory_room(UINT64_MAX / 2, &room) == 0 ?
	    least(SIZE_MAX, room.bytes) :
	    SIZE_MAX;
}

/* Files of a kind lie in one directory; a tmpfs has its space in memory. */
static size_t
file_system_room(struct source *source)
{
	const struct os_file_system *known = NULL;
	uint64_t bytes;
	size_t room;

	lock_take(&source->lock);
	if (source->first != NULL)
		known = source->first->file_system;
	lock_give(&source->lock);
	if (os_room(-1, source->spec->path, &bytes) != 0)
		return SIZE_MAX;
	room = least(SIZE_MAX, bytes);
	return known != NULL && known->is_memory ?
	    min_size(room, memory_room()) :
	    room;
}

/* A page that is made of memory when it is wanted needs that. */
static size_t
huge_pages_room(const struct source *source, const uint64_t *nodes)
{
	size_t granule = source->granule, more, pages;

	pages = capacity_huge_pages_free(source->spec, nodes, granule, &more);
	more = min_size(more, memory_room() / granule);
	return pages > SIZE_MAX / granule - more ? SIZE_MAX :
						   (pages + more) * granule;
}

static size_t
nodes_room(const struct source *source, const uint64_t *nodes)
{
	uint64_t mask[SPEC_NODES_MAX / 64], bytes;

	if (source->spec->page == SPEC_PAGE_HUGE)
		return huge_pages_room(source, nodes);
	memcpy(mask, nodes, sizeof(mask));
	if (bits_find(mask, 0, SPEC_NODES_MAX, true) == SPEC_NODES_MAX &&
	    os_allowed_nodes(mask, SPEC_NODES_MAX) != 0)
		return memory_room();
	if (os_free_on_nodes(mask, SPEC_NODES_MAX, &bytes) != 0)
		return memory_room();
	return least(memory_room(), bytes);
}

void
source_room(
    struct source *source, const uint64_t *nodes, struct source_room *room)
{
	*room = (struct source_room){ SIZE_MAX, SIZE_MAX };
	if (source->spec->source == SPEC_FILE)
		room->file_system = file_system_room(source);
	else if (spec_is_anonymous(source->spec))
		room->nodes = nodes_room(source, nodes);
}
