/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * populate.h - pages of anonymous memory taken at once, on several threads
 * where the spec asks for that.
 */
#ifndef SOURCE_POPULATE_H
#define SOURCE_POPULATE_H

#include "source/structures.h"

/* Takes the pages of a range that nobody uses yet, and where the source binds
 * to nodes, for which the range is "preferred" now, brings all of them there. 0
 * or an error number: then the range may have pages, on any node, which the
 * caller gives back. Under the source's lock. */
int populate(struct segment *segment, size_t offset, size_t bytes);

#endif /* SOURCE_POPULATE_H */
