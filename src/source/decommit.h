/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * decommit.h - granules given back to the system.
 *
 * Under the source's lock. Cannot fail: what the kernel does not take back
 * stays committed.
 */
#ifndef SOURCE_DECOMMIT_H
#define SOURCE_DECOMMIT_H

#include "source/structures.h"

/* Decommits every granule that has a page between FROM and END and holds no
 * page of a span, a run at a time. The granules at both ends may reach beyond
 * the range: what was free beside a span goes with it. Runs of fewer than LEAST
 * bytes are left; returns how many bytes these have together. */
size_t decommit_between(
    struct segment *segment, size_t from, size_t end, size_t least);

/* Decommits every granule without a span, because a span needs the room. Under
 * the lock all the time: giving it back would let others take the room. */
void decommit_all(struct source *source);

/* Decommits what was got for a span that could then not be had as a whole; its
 * pages are entered as free again. That is nothing that others gave back: a
 * shortage that is known (file_space.c) is one still. */
void decommit_in_vain(struct segment *segment, size_t from, size_t end);

/* How many milliseconds pages stay committed, and whether those that did have
 * done so for long enough. */
bool is_idle_over(const struct source *source);

/* Whether the program is told of the source's memory: this process's, not that
 * of which it is a child. */
static inline bool
source_tells(const struct source *source)
{
	uint32_t stamp = atomic_load(&source->tells);

	return unlikely(stamp != 0) && stamp == sources_stamp();
}

/* Under the source's lock: the program is told of nothing any more. */
void source_tell_nothing(struct source *source);

/* Forgets that free pages stay committed, because all of them are about to go;
 * what comes back from here on waits its full time again. */
static inline void
end_idle(struct source *source)
{
	source->idle = false;
	source->dear = false;
	source->loose = 0;
}

#endif /* SOURCE_DECOMMIT_H */
