/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nodes.h - whether the nodes of a source are there.
 *
 * Called by anon.c, allocate.c and move.c. Asks the kernel; where that does not
 * say, all nodes are taken to be there.
 */
#ifndef SOURCE_NODES_H
#define SOURCE_NODES_H

#include "source/structures.h"

/* Whether none of the source's nodes has memory that this process may use.
 * Under the source's lock. */
bool nodes_are_gone(const struct source *source);

/* Takes those out of NODES that are not there, unless none would be left. */
void nodes_keep_there(uint64_t *nodes);

/* After pages could not be had: notes whether that is why. Takes the lock. */
void nodes_note(struct source *source);

#endif /* SOURCE_NODES_H */
