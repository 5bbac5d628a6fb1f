/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * file.h - the mappings of a segment's file, exchanged around a fork.
 *
 * Called by copy.c and fork.c, in a fork's handlers, with all locks of sources
 * held. All return 0 or an error number.
 */
#ifndef SOURCE_FILE_H
#define SOURCE_FILE_H

#include "source/structures.h"

/* Maps FD, the copy of the segment's file for a child, at AT; puts it in place
 * of the segment's pages; and maps the segment's own file, whose descriptor is
 * there, copy on write. */
int file_map_copy(struct segment *segment, void *at, int fd);
int file_place_copy(struct segment *segment);
int file_map_private(struct segment *segment);

#endif /* SOURCE_FILE_H */
