/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * file_space.h - the space of a segment's file: taken, and given back.
 *
 * Three of these are operations, called under the source's lock; the others are
 * for file.c and copy.c as well, under the lock of the list. What fails returns
 * an error number.
 */
#ifndef SOURCE_FILE_SPACE_H
#define SOURCE_FILE_SPACE_H

#include "source/structures.h"

/* Whether the descriptor of SEGMENT still is the file it was opened as: a
 * daemon may have closed it behind our back. */
bool file_is_ours(const struct segment *segment);

/* Makes the segment readable up to OFFSET, rounded up to 2 MiB or a granule:
 * what was never used is not taken by mlockall(2). */
int file_make_usable(struct segment *segment, size_t offset);

/* Maps what is not usable yet, unreadable, from the segment's own file, whose
 * descriptor is there; PRIVATE: copy on write. */
int file_map_rest(struct segment *segment, bool private);

/* Takes space for a range of FD, which is on the segment's file system. */
int file_take_space(
    const struct segment *segment, int fd, size_t offset, size_t bytes);

/* Operations of file_ops. */
int file_commit(struct segment *segment, size_t offset, size_t bytes);
int file_decommit(struct segment *segment, size_t offset, size_t bytes);
size_t file_least(const struct segment *segment);

#endif /* SOURCE_FILE_SPACE_H */
