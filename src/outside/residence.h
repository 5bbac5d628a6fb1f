/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * residence.h - on which nodes the pages of ranges of another process lie.
 *
 * By /proc/PID/numa_maps, which has the pages of each mapping by node. Where a
 * mapping is only in part in a range its pages are asked for one by one
 * (move_pages(2)). Owns the list of mappings. Fails where the kernel does not
 * say: then nothing is known.
 */
#ifndef OUTSIDE_RESIDENCE_H
#define OUTSIDE_RESIDENCE_H

#include "outside/remote.h"
#include "spec/spec.h"

struct mapping;
struct residence {
	const struct remote *remote;
	struct mapping *mapping;
	size_t count;
};

bool residence_read(const struct remote *remote, struct residence *residence);
void residence_free(struct residence *residence);

/* The next range between START and END in which something is in memory, from
 * mapping *AT on, which is 0 at first. False: there is none. */
bool residence_next(const struct residence *residence, size_t *at,
    uint64_t start, uint64_t end, uint64_t *from, uint64_t *until);

/* Adds the bytes that lie on each node. */
bool residence_add(const struct residence *residence, uint64_t start,
    uint64_t bytes, size_t on_node[SPEC_NODES_MAX]);

#endif /* OUTSIDE_RESIDENCE_H */
