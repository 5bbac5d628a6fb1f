/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * copy.h - what a child gets of a file that it is to have for itself.
 *
 * Called by fork.c, in a fork's handlers, with all locks of sources held. What
 * may fail returns an error number.
 */
#ifndef SOURCE_COPY_H
#define SOURCE_COPY_H

#include "source/structures.h"

/* Before the fork: copies of all segments of the source or of none, in new
 * files; and the same in memory, for want of a file. */
int copy_into_files(struct source *source);
int copy_into_memory(struct source *source);

/* Undoes them, finished or not. In the child, after the copy was put in place,
 * only the guard page of its reservation is left to unmap. */
void drop_copy(struct segment *segment);
void drop_copies(struct source *source);

/* In the child: puts the copies of all segments in place. */
int place_copies(struct source *source);

#endif /* SOURCE_COPY_H */
