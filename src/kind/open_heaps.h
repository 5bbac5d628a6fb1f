/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * open_heaps.h - the memory of a kind that is opened or closed.
 */
#ifndef KIND_OPEN_HEAPS_H
#define KIND_OPEN_HEAPS_H

#include "kind/kind.h"
#include "kind/locality.h"

/* Chooses how the kind gets its heaps, and opens them: on the nodes that a
 * facade gives by LOCALITIES, on a device, on nodes that the machine finds, on
 * the caller's REGION, or as the spec stands. SPEC then names the nodes or the
 * device, and a limit in bytes. Fails with errno and a sentence, and then none
 * is open. */
int kind_open_heaps(struct kind *kind, struct spec *spec, void *region,
    const struct localities *localities);

/* Has SPEC name all nodes that the process may use now. 0, or -1 with errno and
 * a sentence. */
int kind_find_all_nodes(struct spec *spec);

/* Closes all, whatever blocks they have. */
void kind_close_heaps(struct kind *kind);

#endif /* KIND_OPEN_HEAPS_H */
